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
// for concurrent use. Its errors are of class Unavailable: without the log
// nothing is answered, for a check is never skipped.
type Guard struct {
	log       contactlog.Log
	rehydrate Rehydrate
	set       *atomic.Pointer[Set]
}

// NewGuard makes a guard without a set; call Use before asking.
func NewGuard(log contactlog.Log, rehydrate func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error)) *Guard {
	return &Guard{log: log, rehydrate: rehydrate, set: new(atomic.Pointer[Set])}
}

// Over is a guard by the same sets that counts in another log.
func (g *Guard) Over(log contactlog.Log) *Guard {
	return &Guard{log: log, rehydrate: g.rehydrate, set: g.set}
}

// Use swaps the set for all later questions.
func (g *Guard) Use(s *Set) { g.set.Store(s) }

// Set is the set in use, nil before the first Use.
func (g *Guard) Set() *Set { return g.set.Load() }

// Settle ends reservations, and corrects contacts later.
func (g *Guard) Settle(ctx context.Context, ss []contactlog.Settlement) error {
	if len(ss) == 0 {
		return nil
	}
	return g.log.Settle(ctx, ss)
}

// minKeep is how long contacts are kept at the least, so that a policy that
// is approved tomorrow can count what was done today.
const minKeep = 35 * 24 * time.Hour

func keepOf(s *Set) time.Duration { return max(s.Keep(), minKeep) }

// Keep is how far back the contact log must be complete for the set in use.
func (g *Guard) Keep() time.Duration {
	if set := g.set.Load(); set != nil {
		return keepOf(set)
	}
	return minKeep
}

// Forecast answers without side effect.
func (g *Guard) Forecast(ctx context.Context, qs []Question) ([]touch.Verdict, error) {
	set, err := g.inUse()
	if err != nil {
		return nil, err
	}
	verdicts := make([]touch.Verdict, len(qs))
	if set.Keep() == 0 { // no rule counts
		for i, q := range qs {
			verdicts[i] = set.Evaluate(q, contactlog.Snapshot{Known: true})
		}
		return verdicts, nil
	}
	logs, err := g.read(ctx, set, qs)
	if err != nil {
		return nil, err
	}
	for i, q := range qs {
		verdicts[i] = set.Evaluate(q, logs[q.Touch.Customer])
	}
	return verdicts, nil
}

func (g *Guard) inUse() (*Set, error) {
	if set := g.set.Load(); set != nil {
		return set, nil
	}
	return nil, touch.Errorf(touch.Unavailable, "", "no policy is in force yet")
}

// read gives the logs of the questions' customers, loading those that are not known.
func (g *Guard) read(ctx context.Context, set *Set, qs []Question) (map[string]contactlog.Snapshot, error) {
	logs := make(map[string]contactlog.Snapshot, len(qs))
	ask := make([]string, 0, len(qs))
	for i := range qs {
		if _, seen := logs[qs[i].Touch.Customer]; !seen {
			logs[qs[i].Touch.Customer] = contactlog.Snapshot{}
			ask = append(ask, qs[i].Touch.Customer)
		}
	}
	for round := 0; len(ask) > 0; round++ {
		shots, err := g.log.Read(ctx, ask)
		if err != nil {
			return nil, err
		}
		var unknown []string
		for i, customer := range ask {
			if logs[customer] = shots[i]; !shots[i].Known || shots[i].Keep < set.Keep() {
				unknown = append(unknown, customer)
			}
		}
		if len(unknown) == 0 {
			break
		}
		if round == maxRounds {
			return nil, errUnknown(len(unknown))
		}
		if err := g.load(ctx, set, unknown, qs[0].Now); err != nil {
			return nil, err
		}
		ask = unknown
	}
	return logs, nil
}

// maxRounds is how often logs are loaded again that vanish while one looks.
const maxRounds = 3

func errUnknown(n int) error {
	return touch.Errorf(touch.Unavailable, "", "the contact logs of %d customers cannot be loaded", n)
}

// load makes the logs of customers known, from the ledger.
func (g *Guard) load(ctx context.Context, set *Set, customers []string, now time.Time) error {
	since := now.Add(-keepOf(set))
	return g.log.Rehydrate(ctx, customers, keepOf(set), func(ctx context.Context, customers []string) (map[string][]contactlog.Entry, error) {
		return g.rehydrate(ctx, customers, since)
	})
}
