package changes

import (
	"context"
	"errors"
	"sync"
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
	// askAgain is how long a node refuses without asking after another one had
	// the lease: to ask is to write to the ledger.
	askAgain = time.Second
)

// simulationTurn says which of the simulations on this node may ask for the
// lease. It is safe for concurrent use.
type simulationTurn struct {
	mu     sync.Mutex
	taken  bool
	others time.Time // until when another node is known to have the lease
}

// take reports whether nobody else has the turn.
func (t *simulationTurn) take(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken || now.Before(t.others) {
		return false
	}
	t.taken = true
	return true
}

// end ends the turn. others is until when another node is known to have the
// lease, or zero.
func (t *simulationTurn) end(others time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = false
	t.others = others
}

var errSimulating = touch.Errorf(touch.TooMany, "", "another simulation is running: one runs at a time")

// simulateAlone takes the lease of simulations; class TooMany when another one
// runs, on whichever node. The context that it returns ends when the lease is
// lost. done gives the lease back.
func (s *Service) simulateAlone(parent context.Context) (_ context.Context, done func(), err error) {
	if !s.turn.take(s.now()) {
		return nil, nil, errSimulating
	}
	var others time.Time
	defer func() {
		if err != nil {
			s.turn.end(others)
		}
	}()
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
		if errors.Is(err, errSimulating) {
			others = s.now().Add(askAgain)
		}
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
		s.turn.end(time.Time{})
	}, nil
}
