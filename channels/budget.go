package channels

import (
	"sync"
	"time"
)

// The retry budget: a tenth of the successes, one a second so that a quiet
// provider may retry at all, and no more than a hundred saved up.
const (
	retryShare   = 0.1
	retryTrickle = 1.0
	retryMost    = 100.0
)

// budget keeps retries from turning a vendor's weakness into its collapse.
type budget struct {
	now func() time.Time

	mu    sync.Mutex
	saved float64
	at    time.Time
}

func newBudget(now func() time.Time) *budget { return &budget{now: now, saved: 10, at: now()} }

func (b *budget) earn(successes int) {
	b.mu.Lock()
	b.saved = min(b.saved+retryShare*float64(successes), retryMost)
	b.mu.Unlock()
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.saved = min(b.saved+retryTrickle*max(now.Sub(b.at), 0).Seconds(), retryMost)
	b.at = now
	if b.saved < 1 {
		return false
	}
	b.saved--
	return true
}
