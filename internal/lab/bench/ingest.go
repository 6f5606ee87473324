package bench

import (
	"context"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/touch"
)

// ingest measures how fast touches are taken in that are due a day later: each
// is judged and committed to the ledger, and nothing else happens. The latency is
// from the sending of a line to the answer that it is committed.
func ingest(ctx context.Context, e *env) (*Figures, error) {
	n := orDefault(e.options.Touches, 400_000)
	return rounds(e, 3, func(round int) (*Figures, error) {
		n := n
		if round == 0 {
			n = max(1000, n/5)
		}
		w, err := e.prepare(ctx, uniqueName("ingest", round), n, max(1, (n+1)/2), touch.Marketing)
		if err != nil {
			return nil, err
		}
		w.due = time.Now().Add(24 * time.Hour)
		return e.runIngest(ctx, w)
	})
}

func (e *env) runIngest(ctx context.Context, w *workload) (*Figures, error) {
	f := &Figures{Touches: w.n}
	times := newHistogram()
	before := e.readUsage(ctx)
	start := time.Now()
	err := e.submit(ctx, w, func(c apiclient.Chunk) {
		if c.LineFrom > 0 {
			record(times, time.Since(w.streamedAt(c.LineFrom-1)))
		}
	})
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(w.n) / time.Since(start).Seconds()
	f.setCost(before, e.readUsage(ctx), w.n)
	f.setLatencies(times)
	f.PeakMB = peakMB(e.target.PID)
	states, err := e.states(ctx, w.name)
	if err != nil {
		return nil, err
	}
	f.Lost = w.n - states[touch.StateDue]
	return f, nil
}
