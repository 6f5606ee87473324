package bench

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// latency takes the time of urgent touches from request to vendor on an idle
// house, and again while a campaign, all of which is due, is being sent as
// fast as it goes. Touches begin at fixed instants, whatever became of those
// before: a slow answer does not hide the wait of the next one.
func latency(ctx context.Context, e *env) (*Figures, error) {
	n, every := or(e.o.Touches, 1000), 20*time.Millisecond
	if _, err := e.urgent(ctx, "warm", n/4, every); err != nil {
		return nil, err
	}
	idle, err := e.urgent(ctx, "idle", n, every)
	if err != nil {
		return nil, err
	}
	e.say("idle: %s", idle.line())
	w, err := e.backlog(ctx, or(e.o.Backlog, 100_000))
	if err != nil {
		return nil, err
	}
	f, err := e.urgentWhile(ctx, w, n, every)
	if err != nil {
		return nil, err
	}
	f.also("idle_p50_ms", idle.P50)
	f.also("idle_p99_ms", idle.P99)
	f.also("p99_to_idle", f.P99/max(idle.P99, 0.001))
	f.also("backlog", float64(w.n))
	e.say("under a backlog: %s; %.0f of bulk a second", f.line(), f.Also["bulk_per_second_meanwhile"])
	f.Lost += idle.Lost
	f.Duplicated += idle.Duplicated
	return f, nil
}

// backlog has n touches of a campaign lie in the ledger, and waits until they
// become due.
func (e *env) backlog(ctx context.Context, n int) (*work, error) {
	w, err := e.newWork(ctx, stamp("backlog", 0), n, max(1, (n+1)/2), touch.Marketing)
	if err != nil {
		return nil, err
	}
	w.due = time.Now().Add(10*time.Second + time.Duration(n)*50*time.Microsecond).Truncate(time.Second)
	if err := e.submit(ctx, w, nil); err != nil {
		return nil, err
	}
	if wait := time.Until(w.due); wait > 0 {
		e.say("a backlog of %d lies ready", n)
		loop.Sleep(ctx, wait)
	}
	return w, ctx.Err()
}

// fewest is how many urgent touches tell a 99th percentile.
const fewest = 200

// urgentWhile takes the latency of up to n urgent touches while w is sent, and
// judges both. It begins when w is under way, and ends before the last of w:
// while nothing else is sent the house is idle.
func (e *env) urgentWhile(ctx context.Context, w *work, n int, every time.Duration) (*Figures, error) {
	u, err := e.newWork(ctx, stamp("urgent", 0), n, n, touch.Transactional)
	if err != nil {
		return nil, err
	}
	p := e.newPoster(u, 64)
	defer p.close()
	first := e.sink.count()
	for e.sink.count() < first+w.n/100 {
		if !loop.Sleep(ctx, 10*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
	before := e.read(ctx)
	begun, at := time.Now(), e.sink.count()
	u.n, err = p.postEvery(ctx, every, func(posted int) bool { return e.sink.count()-first-posted < w.n-w.n/20 })
	if err != nil {
		return nil, err
	}
	sent, took := e.sink.count()-at-u.n, time.Since(begun)
	left, err := e.states(ctx, w.name)
	if err != nil {
		return nil, err
	}
	if u.n < min(n, fewest) {
		return nil, touch.Errorf(touch.Invalid, "backlog", "%d touches were gone after %d urgent ones", w.n, u.n)
	}
	if _, err := e.settled(ctx, w); err != nil {
		return nil, err
	}
	truth := e.sink.truth()
	f, both := &Figures{Touches: u.n}, &Figures{}
	f.cost(before, e.read(ctx), u.n+w.n)
	if err := e.judge(ctx, f, u, truth, func(i int) time.Time { return p.begun[i] }); err != nil {
		return nil, err
	}
	if err := e.judge(ctx, both, w, truth, nil); err != nil {
		return nil, err
	}
	f.Lost, f.Duplicated, f.OverCap = f.Lost+both.Lost, f.Duplicated+both.Duplicated, f.OverCap+both.OverCap
	f.Sent, f.Capped, f.PeakMB = f.Sent+both.Sent, f.Capped+both.Capped, peakMB(e.house.PID)
	f.PerSecond = float64(u.n) / took.Seconds()
	f.also("bulk_per_second_meanwhile", float64(sent)/took.Seconds())
	f.also("backlog_left", float64(left[touch.StateDue]))
	f.also("request_to_answer_p99_ms", ms(p.answer, 99))
	return f, nil
}

// urgent takes the latency of n touches, one every so often.
func (e *env) urgent(ctx context.Context, name string, n int, every time.Duration) (*Figures, error) {
	w, err := e.newWork(ctx, stamp(name, 0), n, n, touch.Transactional)
	if err != nil {
		return nil, err
	}
	p := e.newPoster(w, 64)
	defer p.close()
	e.sink.truth()
	before := e.read(ctx)
	if _, err := p.postEvery(ctx, every, func(int) bool { return true }); err != nil {
		return nil, err
	}
	f, err := e.finish(ctx, p, before)
	return f.Figures, err
}

// postEvery begins a touch at each of evenly spaced instants for as long as it
// may go on, waits for all answers, and says how many there were.
func (p *poster) postEvery(ctx context.Context, every time.Duration, goOn func(posted int) bool) (posted int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(1000)
	start := time.Now()
	for ; posted < p.w.n && goOn(posted); posted++ {
		i, at := posted, start.Add(time.Duration(posted)*every)
		if !loop.Sleep(ctx, time.Until(at)) {
			break
		}
		group.Go(func() error { return p.post(ctx, i, at) })
	}
	return posted, group.Wait()
}
