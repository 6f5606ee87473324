package bench

import (
	"context"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// urgentEvery is the time between two urgent touches.
const urgentEvery = 20 * time.Millisecond

// minUrgent is how many urgent touches a 99th percentile needs.
const minUrgent = 200

// latency measures the time of urgent touches from the request until the vendor
// has the message: on an idle target, and while a campaign, all of which is due,
// is sent as fast as possible. Touches begin at fixed instants. So a slow answer
// does not hide that the next touch had to wait.
func latency(ctx context.Context, e *env) (*Figures, error) {
	n := orDefault(e.options.Touches, 1000)
	if _, err := e.measureUrgent(ctx, "warm", n/4, urgentEvery); err != nil {
		return nil, err
	}
	idle, err := e.measureUrgent(ctx, "idle", n, urgentEvery)
	if err != nil {
		return nil, err
	}
	e.printf("idle: %s", idle.line())
	w, err := e.submitBacklog(ctx, orDefault(e.options.Backlog, 100_000))
	if err != nil {
		return nil, err
	}
	f, err := e.measureUrgentDuring(ctx, w, n)
	if err != nil {
		return nil, err
	}
	f.addAlso("idle_p50_ms", idle.P50)
	f.addAlso("idle_p99_ms", idle.P99)
	f.addAlso("p99_to_idle", f.P99/max(idle.P99, 0.001))
	f.addAlso("backlog", float64(w.n))
	e.printf("under a backlog: %s; %.0f of bulk a second", f.line(), f.Also["bulk_per_second_meanwhile"])
	f.Lost += idle.Lost
	f.Duplicated += idle.Duplicated
	return f, nil
}

// measureUrgent measures n urgent touches while nothing else is sent.
func (e *env) measureUrgent(ctx context.Context, name string, n int, every time.Duration) (*Figures, error) {
	w, err := e.prepare(ctx, uniqueName(name, 0), n, n, touch.Transactional)
	if err != nil {
		return nil, err
	}
	p := e.newPoster(w, 64)
	defer p.close()
	e.sink.takeMessages()
	before := e.readUsage(ctx)
	if _, err := p.postEvery(ctx, every, func(int) bool { return true }); err != nil {
		return nil, err
	}
	f, _, err := p.finish(ctx, before)
	return f, err
}

// submitBacklog submits n touches of a campaign, and waits until they become due.
func (e *env) submitBacklog(ctx context.Context, n int) (*workload, error) {
	w, err := e.prepare(ctx, uniqueName("backlog", 0), n, max(1, (n+1)/2), touch.Marketing)
	if err != nil {
		return nil, err
	}
	w.due = time.Now().Add(10*time.Second + time.Duration(n)*50*time.Microsecond).Truncate(time.Second)
	if err := e.submit(ctx, w, nil); err != nil {
		return nil, err
	}
	if wait := time.Until(w.due); wait > 0 {
		e.printf("a backlog of %d is ready", n)
		loop.Sleep(ctx, wait)
	}
	return w, ctx.Err()
}

// measureUrgentDuring measures up to n urgent touches while the backlog is sent,
// and verifies both. It begins after the first messages of the backlog and ends
// before the last ones: without them the target is idle.
func (e *env) measureUrgentDuring(ctx context.Context, backlog *workload, n int) (*Figures, error) {
	urgent, err := e.prepare(ctx, uniqueName("urgent", 0), n, n, touch.Transactional)
	if err != nil {
		return nil, err
	}
	p := e.newPoster(urgent, 64)
	defer p.close()
	first := e.sink.count()
	for e.sink.count() < first+backlog.n/100 {
		if !loop.Sleep(ctx, 10*time.Millisecond) {
			return nil, ctx.Err()
		}
	}

	before := e.readUsage(ctx)
	begun := time.Now()
	countAtBegin := e.sink.count()
	urgent.n, err = p.postEvery(ctx, urgentEvery, func(posted int) bool {
		return e.sink.count()-first-posted < backlog.n-backlog.n/20
	})
	if err != nil {
		return nil, err
	}
	bulkSent := e.sink.count() - countAtBegin - urgent.n
	took := time.Since(begun)
	left, err := e.states(ctx, backlog.name)
	if err != nil {
		return nil, err
	}
	if urgent.n < min(n, minUrgent) {
		return nil, touch.Errorf(touch.Invalid, "backlog", "%d touches were sent after only %d urgent ones", backlog.n, urgent.n)
	}

	f, err := e.verifyBoth(ctx, p, backlog, before)
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(urgent.n) / took.Seconds()
	f.addAlso("bulk_per_second_meanwhile", float64(bulkSent)/took.Seconds())
	f.addAlso("backlog_left", float64(left[touch.StateDue]))
	f.addAlso("request_to_answer_p99_ms", ms(p.answer, 99))
	return f, nil
}

// verifyBoth waits for the end of the backlog, and verifies it and the urgent
// touches of the poster.
func (e *env) verifyBoth(ctx context.Context, p *poster, backlog *workload, before usage) (*Figures, error) {
	if _, err := e.waitFinished(ctx, backlog); err != nil {
		return nil, err
	}
	received := e.sink.takeMessages()
	f := &Figures{Touches: p.work.n}
	f.setCost(before, e.readUsage(ctx), p.work.n+backlog.n)
	if err := e.verify(ctx, f, p.work, received, func(i int) time.Time { return p.begun[i] }); err != nil {
		return nil, err
	}
	bulk := &Figures{}
	if err := e.verify(ctx, bulk, backlog, received, nil); err != nil {
		return nil, err
	}
	f.addCounts(bulk)
	f.Sent += bulk.Sent
	f.Capped += bulk.Capped
	f.PeakMB = peakMB(e.target.PID)
	return f, nil
}
