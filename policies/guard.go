package policies

import (
	"context"
	"sync/atomic"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Rehydrate reads customers' contacts since an instant from the ledger. A
// customer without contacts may be absent from the result.
type Rehydrate = func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error)

// Guard answers questions by the active rule set and the contact log. It is
// safe for concurrent use. Its errors have the class Unavailable: without the
// log nothing is answered, because a check is never skipped.
type Guard struct {
	log       contactlog.Log
	rehydrate Rehydrate
	set       *atomic.Pointer[ruleset.Set] // shared by guards that are Over another log
}

// NewGuard makes a guard without a rule set. Call Use before asking.
func NewGuard(log contactlog.Log, rehydrate Rehydrate) *Guard {
	return &Guard{log: log, rehydrate: rehydrate, set: new(atomic.Pointer[ruleset.Set])}
}

// Over is a guard that follows the same rule sets, but counts in another log.
func (g *Guard) Over(log contactlog.Log) *Guard {
	return &Guard{log: log, rehydrate: g.rehydrate, set: g.set}
}

// Use activates a rule set for all later questions.
func (g *Guard) Use(s *ruleset.Set) { g.set.Store(s) }

// Set is the active rule set, nil before the first Use.
func (g *Guard) Set() *ruleset.Set { return g.set.Load() }

// Ranks reports whether an active rule evaluates the leg together with the
// touches ahead of it. Only then is Question.Ahead needed.
func (g *Guard) Ranks(t *touch.Touch, leg int) bool {
	set := g.set.Load()
	return set != nil && set.Ranks(t, leg)
}

// Settle commits and releases reservations, and corrects contacts about which a
// receipt came later. It does what contactlog.Log.Settle does, and does nothing for
// an empty list.
func (g *Guard) Settle(ctx context.Context, ss []contactlog.Settlement) error {
	if len(ss) == 0 {
		return nil
	}
	return g.log.Settle(ctx, ss)
}

// minKeep is how long contacts are kept at least, so that a policy that is
// approved tomorrow can count what was sent today.
const minKeep = 35 * 24 * time.Hour

func keepFor(s *ruleset.Set) time.Duration { return max(s.Keep(), minKeep) }

// Keep is how far back the contact log must be complete for the active set.
func (g *Guard) Keep() time.Duration {
	if set := g.set.Load(); set != nil {
		return keepFor(set)
	}
	return minKeep
}

func (g *Guard) activeSet() (*ruleset.Set, error) {
	if set := g.set.Load(); set != nil {
		return set, nil
	}
	return nil, touch.Errorf(touch.Unavailable, "", "no policy is in force yet")
}
