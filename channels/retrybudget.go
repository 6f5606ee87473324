package channels

import (
	"sync"
	"time"
)

// A retry costs one token. A provider earns a tenth of a token by each success
// and one each second, so that a quiet provider may retry at all. It keeps at
// most a hundred tokens.
const (
	retriesPerSuccess = 0.1
	retriesPerSecond  = 1.0
	maxRetryTokens    = 100.0
)

// retryBudget keeps retries from turning a vendor's weakness into its collapse.
type retryBudget struct {
	now func() time.Time

	mu     sync.Mutex
	tokens float64
	at     time.Time
}

func newRetryBudget(now func() time.Time) *retryBudget {
	return &retryBudget{now: now, tokens: 10, at: now()}
}

func (b *retryBudget) earn(successes int) {
	b.mu.Lock()
	b.tokens = min(b.tokens+retriesPerSuccess*float64(successes), maxRetryTokens)
	b.mu.Unlock()
}

func (b *retryBudget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.tokens = min(b.tokens+retriesPerSecond*max(now.Sub(b.at), 0).Seconds(), maxRetryTokens)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
