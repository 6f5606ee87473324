// SPDX-License-Identifier: Apache-2.0

// Package priority makes bulk work wait for short moments while urgent work
// runs in the same process. Both use the same cores, ledger and Redis. Bulk
// work that has begun goes on, but starts no new step. Otherwise an urgent
// touch would queue behind hundreds of others at each of its own steps.
package priority

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// defaultMaxWait is longer than an urgent touch takes on an idle machine.
const defaultMaxWait = 25 * time.Millisecond

// Gate stops bulk work while urgent work runs. Bulk is blocked at most half of
// the time, also when urgent work never pauses. The zero Gate is ready to use;
// with a nil Gate bulk never waits. A Gate is safe for concurrent use.
type Gate struct {
	// MaxWait is how long bulk waits at most without a break; 0 means 25 ms.
	MaxWait time.Duration

	mu     sync.Mutex
	urgent int           // urgent works that run
	opened chan struct{} // closed when bulk may go on; nil while it is not stopped
	limit  *time.Timer   // lets bulk go on after MaxWait
	// budget is how long bulk may still be stopped, as of since. It grows while
	// bulk runs, shrinks while bulk waits, and ends at twice MaxWait: that gives
	// bulk half of the time.
	budget time.Duration
	since  time.Time // when bulk was last stopped or let go
}

// Urgent is one urgent work that runs. End it with End.
type Urgent struct {
	gate *Gate
	once sync.Once
}

// BeginUrgent says that urgent work starts. Bulk starts no step until End is
// called or MaxWait is over.
func (g *Gate) BeginUrgent() *Urgent {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.urgent++
	g.stopBulk()
	return &Urgent{gate: g}
}

// End says that the urgent work is over. Calls after the first do nothing.
func (u *Urgent) End() {
	if u != nil {
		u.once.Do(u.gate.endUrgent)
	}
}

// stopBulk stops bulk, unless it is stopped already or has used up its budget.
func (g *Gate) stopBulk() {
	if g.opened != nil {
		return
	}

	now := time.Now()
	maxWait := cmp.Or(g.MaxWait, defaultMaxWait)
	g.budget = min(2*maxWait, g.budget+now.Sub(g.since))
	g.since = now
	if g.budget < maxWait {
		return
	}

	opened := make(chan struct{})
	g.opened = opened
	g.limit = time.AfterFunc(maxWait, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		// The timer may fire just as bulk was let go and stopped again.
		if g.opened == opened {
			g.resumeBulk()
		}
	})
}

func (g *Gate) endUrgent() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.urgent--
	if g.urgent == 0 && g.opened != nil {
		g.resumeBulk()
	}
}

// resumeBulk lets bulk go on. It must be stopped.
func (g *Gate) resumeBulk() {
	g.limit.Stop()
	now := time.Now()
	g.budget -= now.Sub(g.since)
	g.since = now
	close(g.opened)
	g.opened = nil
}

// WaitForUrgent is called before each step of bulk work. It returns when no
// urgent work runs, when bulk has waited long enough, or when ctx ends.
func (g *Gate) WaitForUrgent(ctx context.Context) {
	if g == nil {
		return
	}
	g.mu.Lock()
	opened := g.opened
	g.mu.Unlock()
	if opened == nil {
		return
	}
	select {
	case <-opened:
	case <-ctx.Done():
	}
}
