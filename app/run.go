package app

import (
	"context"
	"errors"

	"touchgate.dev/internal/loop"
)

// Run works until ctx ends, and then stops in this order: intake, feeding, what
// is in delivery, the HTTP server. It returns nil after a graceful stop, and
// the error of a part that could not go on.
func (a *App) Run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if err := a.reclaimOwn(ctx); err != nil {
		return err
	}

	// The parts do not end with ctx: they are stopped one after the other.
	base := context.WithoutCancel(ctx)
	background := loop.NewGroup(base)
	for _, run := range a.background {
		background.Go(run)
	}
	delivery := loop.NewGroup(base)
	for _, run := range a.delivery {
		delivery.Go(func(ctx context.Context) {
			if err := run(ctx); err != nil {
				fail(err)
			}
		})
	}
	server := a.serve(fail)

	<-ctx.Done()
	a.drain.Start()
	server.stop() // before the rest: requests that are under way may still enqueue
	background.Stop()
	delivery.Stop()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// reclaimOwn requeues segments that a killed predecessor had claimed, without
// waiting for their leases to expire. It does so only with an embedded Redis:
// then no other process can be at work on them.
func (a *App) reclaimOwn(ctx context.Context) error {
	if !a.redis.embedded() {
		return nil
	}
	const limit = 1000 // segments at once
	for began := a.now(); ; {
		refs, err := a.ledger.Recovery.ReclaimAll(ctx, began, limit)
		if err != nil || len(refs) == 0 {
			return err
		}
		if err := a.queue.Enqueue(ctx, refs); err != nil {
			return err
		}
	}
}
