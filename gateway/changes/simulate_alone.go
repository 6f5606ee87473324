package changes

import (
	"context"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

const (
	simulationLease = "simulation"
	// leaseFor is how long others wait after a process that simulated was lost.
	leaseFor   = 30 * time.Second
	leaseEvery = leaseFor / 3
)

var errSimulating = touch.Errorf(touch.TooMany, "", "another simulation is running: one runs at a time")

// simulateAlone takes the lease of simulations; class TooMany when another one
// runs, on whichever node. The context that it returns ends when the lease is
// lost. done gives the lease back.
func (s *Service) simulateAlone(parent context.Context) (_ context.Context, done func(), _ error) {
	// Each simulation is a holder of its own: a holder can take its lease twice.
	holder, err := access.NewID(s.random)
	if err != nil {
		return nil, nil, err
	}
	extend := func(ctx context.Context, span time.Duration) error {
		now := s.now()
		held, err := s.leases.Acquire(ctx, simulationLease, holder, now, now.Add(span))
		if err == nil && !held {
			err = errSimulating
		}
		return err
	}
	if err := extend(parent, leaseFor); err != nil {
		return nil, nil, err
	}

	ctx, lost := context.WithCancelCause(parent)
	renewing := loop.NewGroup(ctx)
	renewing.Go(func(ctx context.Context) {
		for loop.Sleep(ctx, leaseEvery) {
			if err := extend(ctx, leaseFor); err != nil && ctx.Err() == nil {
				lost(err)
				return
			}
		}
	})
	return ctx, func() {
		renewing.Stop()
		lost(nil)
		// Not with the parent's context, which ends when the client hangs up.
		_ = extend(context.WithoutCancel(parent), 0)
	}, nil
}
