package channels

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"touchgate.dev/touch"
)

// How long a message may wait for its turn before it is sent back to the
// ledger. Bulk waits little, so that it holds few places before an urgent one.
const (
	bulkWait   = 200 * time.Millisecond
	urgentWait = 2 * time.Second
)

// maxRetrySpread is how far ahead turns are given to those that were turned away.
// Who is longer than that on the way back would lose the turn that priority and
// expiry give in the ledger.
const maxRetrySpread = 2 * time.Second

// rateLimiter keeps a provider's messages per second. Those it turns away are told
// instants to come back that are spread at the provider's rate, so that they
// return as a stream and not as a crowd. Urgent ones have turns of their own.
type rateLimiter struct {
	bucket   *rate.Limiter // nil: no limit
	interval time.Duration // between two messages
	now      func() time.Time

	mu           sync.Mutex
	urgent, bulk time.Time // when the next one that is turned away comes back
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

// wait waits for the turn of len(out) messages. Where that takes too long it
// fills out with refusals and reports false.
func (p *rateLimiter) wait(ctx context.Context, urgent bool, out []touch.Result) bool {
	if p.bucket == nil {
		return true
	}
	now := p.now()
	reservation := p.bucket.ReserveN(now, len(out))
	wait, longest := reservation.DelayFrom(now), bulkWait
	if urgent {
		longest = urgentWait
	}
	if wait == 0 {
		return true
	}
	if deadline, ok := ctx.Deadline(); ok {
		longest = min(longest, time.Until(deadline))
	}
	if wait > longest {
		reservation.CancelAt(now)
		p.reject(now, wait, urgent, out)
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		reservation.CancelAt(p.now())
		fillResults(out, notTried(touch.ResultRetryable, "", "ended before its turn"))
		return false
	}
}

func (p *rateLimiter) reject(now time.Time, wait time.Duration, urgent bool, out []touch.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	retryAt := &p.bulk
	if urgent {
		retryAt = &p.urgent
	}
	first := now.Add(wait)
	for i := range out {
		if retryAt.Before(first) || retryAt.Sub(first) >= maxRetrySpread {
			*retryAt = first
		}
		out[i] = notTried(touch.ResultThrottled, touch.ReasonRate, "")
		out[i].RetryAfter = retryAt.Sub(now)
		*retryAt = retryAt.Add(p.interval)
	}
}

func notTried(c touch.ResultClass, reason, detail string) touch.Result {
	return touch.Result{Class: c, Reason: reason, Detail: detail, NoAttempt: true}
}

func fillResults(out []touch.Result, r touch.Result) {
	for i := range out {
		out[i] = r
	}
}
