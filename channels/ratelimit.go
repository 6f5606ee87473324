package channels

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"touchgate.dev/touch"
)

// How long a message may wait for the rate limiter before it is sent back to
// the ledger. Bulk waits only a little, so that few bulk messages stand before
// an urgent one.
const (
	bulkWait   = 200 * time.Millisecond
	urgentWait = 2 * time.Second
)

// maxRetrySpread is how far ahead retry times are given to rejected messages. A
// message that would wait longer goes back to the ledger, which orders it by
// priority and expiry again.
const maxRetrySpread = 2 * time.Second

// rateLimiter keeps a provider's messages per second with a token bucket. It
// gives rejected messages retry times that are spread at the provider's rate,
// so that they return as a stream and not all at once. Urgent and bulk
// messages have separate retry times. It is safe for concurrent use.
type rateLimiter struct {
	bucket   *rate.Limiter // nil: no limit
	interval time.Duration // between two messages
	now      func() time.Time

	mu           sync.Mutex
	urgent, bulk time.Time // when the next rejected message should return
}

func newRateLimiter(perSecond float64, burst int, now func() time.Time) *rateLimiter {
	if perSecond <= 0 {
		return &rateLimiter{now: now}
	}
	return &rateLimiter{
		bucket:   rate.NewLimiter(rate.Limit(perSecond), burst),
		interval: time.Duration(float64(time.Second) / perSecond),
		now:      now,
	}
}

// wait takes a token for each of the len(out) messages of a call, and sleeps
// until the tokens are there. Where that takes too long, or ctx ends, it fills
// out with refusals and returns false.
func (p *rateLimiter) wait(ctx context.Context, urgent bool, out []touch.Result) bool {
	if p.bucket == nil {
		return true
	}
	now := p.now()
	reservation := p.bucket.ReserveN(now, len(out))
	delay := reservation.DelayFrom(now)
	if delay == 0 {
		return true
	}

	// The call must not sleep longer than its own deadline allows.
	longest := bulkWait
	if urgent {
		longest = urgentWait
	}
	if deadline, ok := ctx.Deadline(); ok {
		longest = min(longest, time.Until(deadline))
	}
	if delay > longest {
		reservation.CancelAt(now)
		p.reject(now, delay, urgent, out)
		return false
	}

	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		reservation.CancelAt(p.now())
		fillResults(out, notTried(touch.ResultRetryable, "", "the context ended while it waited for the rate limiter"))
		return false
	}
}

// reject fills out with refusals. Each message gets its own retry time, one
// interval after the previous one, beginning when the bucket has tokens again.
func (p *rateLimiter) reject(now time.Time, delay time.Duration, urgent bool, out []touch.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	retryAt := &p.bulk
	if urgent {
		retryAt = &p.urgent
	}
	first := now.Add(delay)
	for i := range out {
		if retryAt.Before(first) || retryAt.Sub(first) >= maxRetrySpread {
			*retryAt = first
		}
		out[i] = notTried(touch.ResultThrottled, touch.ReasonRate, "")
		out[i].RetryAfter = retryAt.Sub(now)
		*retryAt = retryAt.Add(p.interval)
	}
}
