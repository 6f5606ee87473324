package bench

import (
	"context"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// bulk measures how fast a campaign is sent that lies in the ledger: from the
// instant at which it is due until its last touch has its last state. Then it
// measures one campaign door to door: due at once, from the first byte of the
// first touch.
func bulk(ctx context.Context, e *env) (*Figures, error) {
	n := orDefault(e.options.Touches, 200_000)
	intake := 5_000.0 // touches a second; the first round measures it
	f, err := rounds(e, 3, func(round int) (*Figures, error) {
		n := n
		if round == 0 {
			n = max(1000, n/5)
		}
		f, err := e.bulkRound(ctx, round, n, intake)
		if err == nil {
			intake = f.Also["taken_in_per_second"]
		}
		return f, err
	})
	if err != nil {
		return nil, err
	}

	w, err := e.prepare(ctx, uniqueName("door", 0), n, max(1, (n+1)/2), touch.Service)
	if err != nil {
		return nil, err
	}
	door, err := e.runCampaign(ctx, w)
	if err != nil {
		return nil, err
	}
	e.printf("door to door: %s", door.line())
	f.addAlso("door_to_door_per_second", door.PerSecond)
	f.addCounts(door)
	f.PeakMB = max(f.PeakMB, door.PeakMB)
	return f, nil
}

// bulkRound sends one campaign, and measures a bare client just before. The
// campaign becomes due when it should all be in the ledger, given how many
// touches a second the target takes in.
func (e *env) bulkRound(ctx context.Context, round, n int, intake float64) (*Figures, error) {
	w, err := e.prepare(ctx, uniqueName("bulk", round), n, max(1, (n+1)/2), touch.Marketing)
	if err != nil {
		return nil, err
	}
	bare := 0.0
	if e.batch == 1 {
		if bare, err = bareClient(ctx, e.sink); err != nil {
			return nil, err
		}
	}
	streaming := time.Duration(1.5 * float64(n) / intake * float64(time.Second))
	w.due = time.Now().Add(2*time.Second + streaming).Truncate(time.Millisecond)
	f, err := e.runCampaign(ctx, w)
	if err != nil {
		return nil, err
	}
	if bare > 0 {
		f.BareClient = bare
		f.RatioToBareClient = f.PerSecond / bare
	}
	return f, nil
}

// runCampaign submits a workload, waits until it is finished and verifies it.
// Its time begins when the workload is due, or with its first byte if it is due
// at once.
func (e *env) runCampaign(ctx context.Context, w *workload) (*Figures, error) {
	e.sink.takeMessages()
	before := e.readUsage(ctx)
	start := time.Now()
	if err := e.submit(ctx, w, nil); err != nil {
		return nil, err
	}
	intake := time.Since(start)
	if !w.due.IsZero() {
		start = w.due
		if late := time.Since(w.due); late > 0 {
			e.printf("the campaign was due %s before all of it was submitted", late.Round(time.Millisecond))
		}
		before = e.readUsage(ctx)
		if !loop.Sleep(ctx, time.Until(w.due)) {
			return nil, ctx.Err()
		}
	}
	end, err := e.waitFinished(ctx, w)
	if err != nil {
		return nil, err
	}

	after := e.readUsage(ctx)
	received := e.sink.takeMessages()
	f := &Figures{Touches: w.n}
	f.setCost(before, after, w.n)
	f.PeakMB = peakMB(e.target.PID)
	err = e.verify(ctx, f, w, received, func(i int) time.Time {
		if w.due.IsZero() {
			return w.streamedAt(i)
		}
		return w.due
	})
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(f.Sent) / end.Sub(start).Seconds()
	f.addAlso("taken_in_per_second", float64(w.n)/intake.Seconds())
	return f, nil
}

// submit streams a workload to the target. It calls each, unless that is nil,
// with every part of the answer.
func (e *env) submit(ctx context.Context, w *workload, each func(apiclient.Chunk)) error {
	failed := 0
	err := e.client.Stream(ctx, w.name, w.stream(), func(c apiclient.Chunk) {
		if c.Done {
			failed = c.Failed
		} else if each != nil {
			each(c)
		}
	})
	if err == nil && failed > 0 {
		err = touch.Errorf(touch.Internal, "", "%d touches were not accepted", failed)
	}
	return err
}
