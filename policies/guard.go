package policies

import (
	"context"
	"sync/atomic"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Rehydrate reads customers' contacts since an instant from the ledger. A
// customer without contacts may be absent from the answer.
type Rehydrate = func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error)

// Guard answers questions by the set in use and the contact log. It is safe
// for concurrent use.
type Guard struct {
	log       contactlog.Log
	rehydrate Rehydrate
	set       atomic.Pointer[Set]
}

// NewGuard makes a guard without a set; call Use before asking.
func NewGuard(log contactlog.Log, rehydrate func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error)) *Guard {
	return &Guard{log: log, rehydrate: rehydrate}
}

// Use swaps the set for all later questions.
func (g *Guard) Use(s *Set) { g.set.Store(s) }

// Set is the set in use, nil before the first Use.
func (g *Guard) Set() *Set { return g.set.Load() }

// Forecast answers without side effect.
func (g *Guard) Forecast(ctx context.Context, qs []Question) ([]touch.Verdict, error) {
	return nil, nil
}

// Reserve answers, and holds a place in the log for each leg that it allows.
func (g *Guard) Reserve(ctx context.Context, qs []Question) ([]touch.Verdict, error) {
	return nil, nil
}

// Settle ends reservations.
func (g *Guard) Settle(ctx context.Context, ss []contactlog.Settlement) error {
	return g.log.Settle(ctx, ss)
}
