package httpapi

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"touchgate.dev/touch"
)

const (
	// freeBytes of each body are not counted: about as much lies in the
	// connection's own buffer. So a single touch needs no budget, and goes
	// through while others have used all of it up.
	freeBytes = 4 << 10
	// budgetWait is how long a request waits for bytes that others hold.
	budgetWait = 2 * time.Second
	// keyShares is how many keys fill a budget: the bodies of one key cannot
	// shut out those of all others.
	keyShares = 4
)

// budget bounds the bytes that all requests hold at once, and of these the
// share of each holder: an API key, a person, or all strangers together. It is
// safe for concurrent use.
type budget struct {
	total *semaphore.Weighted
	size  int64
	share int64

	mu      sync.Mutex
	holders map[string]*holder
}

// holder is what the accounts of one holder have in common.
type holder struct {
	bytes    *semaphore.Weighted
	accounts int
}

// newBudget makes a budget of size bytes, of which a holder may have one of so
// many shares. largest is the most that one request takes: it fits into a share
// in any case.
func newBudget(size, largest, shares int64) *budget {
	size = max(size, largest)
	return &budget{
		total:   semaphore.NewWeighted(size),
		size:    size,
		share:   max(size/shares, largest),
		holders: map[string]*holder{},
	}
}

// account is what one request has taken from a budget. Close it at the end. It
// is safe for concurrent use.
type account struct {
	budget *budget
	who    string
	holder *holder

	mu   sync.Mutex
	held int64
}

// open makes an account that holds nothing yet.
func (b *budget) open(who string) *account {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.holders[who]
	if h == nil {
		h = &holder{bytes: semaphore.NewWeighted(b.share)}
		b.holders[who] = h
	}
	h.accounts++
	return &account{budget: b, who: who, holder: h}
}

// take takes n more bytes. It waits until ctx ends. Class TooMany: the holder
// has its share already; Unavailable: all holders together have everything.
func (a *account) take(ctx context.Context, n int64) error {
	if a.holder.bytes.Acquire(ctx, n) != nil {
		return touch.Errorf(touch.TooMany, "", "the requests of this key hold %d bytes at once already", a.budget.share)
	}
	if a.budget.total.Acquire(ctx, n) != nil {
		a.holder.bytes.Release(n)
		return touch.Errorf(touch.Unavailable, "", "all requests together hold %d bytes at once already", a.budget.size)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held += n
	return nil
}

// takeSoon is take that waits for a moment only.
func (a *account) takeSoon(ctx context.Context, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, budgetWait)
	defer cancel()
	return a.take(ctx, n)
}

// release releases n bytes, or all when it holds less.
func (a *account) release(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n = min(n, a.held)
	a.held -= n
	a.budget.total.Release(n)
	a.holder.bytes.Release(n)
}

// close releases everything, and forgets a holder who has no other account:
// there may be many of them over time.
func (a *account) close() {
	a.release(math.MaxInt64)
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	a.holder.accounts--
	if a.holder.accounts == 0 {
		delete(b.holders, a.who)
	}
}
