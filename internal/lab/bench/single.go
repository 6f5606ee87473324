package bench

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"touchgate.dev/touch"
)

// single measures touches that are posted one by one, by many callers at once;
// each caller waits for its answer before it posts the next. The latency is until
// the vendor has the message. Then it measures one touch at a time on the idle
// target.
func single(ctx context.Context, e *env) (*Figures, error) {
	n := orDefault(e.options.Touches, 40_000)
	callers := orDefault(e.options.Connections, 64)
	f, err := rounds(e, 3, func(round int) (*Figures, error) {
		n := n
		if round == 0 {
			n = max(500, n/4)
		}
		w, err := e.prepare(ctx, uniqueName("single", round), n, max(1, min(n/4, 20_000)), touch.Transactional)
		if err != nil {
			return nil, err
		}
		return e.postAll(ctx, w, callers)
	})
	if err != nil {
		return nil, err
	}
	idle, err := e.measureUrgent(ctx, "idle", 300, 25*time.Millisecond)
	if err != nil {
		return nil, err
	}
	f.Lost += idle.Lost
	f.Duplicated += idle.Duplicated
	f.addAlso("idle_request_to_vendor_p50_ms", idle.P50)
	f.addAlso("idle_request_to_vendor_p99_ms", idle.P99)
	return f, nil
}

// postAll posts a workload by so many callers.
func (e *env) postAll(ctx context.Context, w *workload, callers int) (*Figures, error) {
	p := e.newPoster(w, callers)
	defer p.close()
	e.sink.takeMessages()
	before := e.readUsage(ctx)
	start := time.Now()
	var next atomic.Int64
	group, posting := errgroup.WithContext(ctx)
	for range callers {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= w.n {
					return nil
				}
				if err := p.post(posting, i, time.Now()); err != nil {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	f, last, err := p.finish(ctx, before)
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(f.Sent) / last.Sub(start).Seconds()
	return f, nil
}
