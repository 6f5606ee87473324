package bench

import (
	"context"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/touch"
)

// ingest streams touches in that are due much later: each is judged, and
// committed to the ledger, and nothing else. The latency is from a line's
// sending to the answer that it is committed.
func ingest(ctx context.Context, e *env) (*Figures, error) {
	n := or(e.o.Touches, 400_000)
	return rounds(e, 3, func(round int) (*Figures, error) {
		n := n
		if round == 0 {
			n = max(1000, n/5)
		}
		w, err := e.newWork(ctx, stamp("ingest", round), n, max(1, (n+1)/2), touch.Marketing)
		if err != nil {
			return nil, err
		}
		w.due = time.Now().Add(24 * time.Hour)
		return e.takeIn(ctx, w)
	})
}

func (e *env) takeIn(ctx context.Context, w *work) (*Figures, error) {
	f, h := &Figures{Touches: w.n}, newHistogram()
	before := e.read(ctx)
	start := time.Now()
	err := e.submit(ctx, w, func(c apiclient.Chunk) {
		if c.LineFrom > 0 {
			waited := time.Since(w.streamedAt(c.LineFrom - 1))
			_ = h.RecordValue(max(1, waited.Microseconds())) // beyond ten minutes the run has failed anyhow
		}
	})
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(w.n) / time.Since(start).Seconds()
	f.cost(before, e.read(ctx), w.n)
	f.latencies(h)
	f.PeakMB = peakMB(e.house.PID)
	states, err := e.states(ctx, w.name)
	if err != nil {
		return nil, err
	}
	f.Lost = w.n - states[touch.StateDue]
	return f, nil
}
