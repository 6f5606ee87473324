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

// turnsAhead is how far ahead turns are given to those that were turned away.
// Who is longer than that on the way back would lose the turn that priority and
// expiry give in the ledger.
const turnsAhead = 2 * time.Second

// pace keeps a provider's messages per second. Those it turns away are told
// instants to come back that are spread at the provider's rate, so that they
// return as a stream and not as a crowd. Urgent ones have turns of their own.
type pace struct {
	limiter *rate.Limiter // nil: no limit
	each    time.Duration // between two messages
	now     func() time.Time

	mu           sync.Mutex
	urgent, bulk time.Time // when the next one that is turned away comes back
}

func newPace(perSecond float64, burst int, now func() time.Time) *pace {
	if perSecond <= 0 {
		return &pace{now: now}
	}
	return &pace{
		limiter: rate.NewLimiter(rate.Limit(perSecond), burst),
		each:    time.Duration(float64(time.Second) / perSecond),
		now:     now,
	}
}

// enter waits for the turn of len(out) messages. Where that takes too long it
// fills out with refusals and reports false.
func (p *pace) enter(ctx context.Context, urgent bool, out []touch.Result) bool {
	if p.limiter == nil {
		return true
	}
	now := p.now()
	turn := p.limiter.ReserveN(now, len(out))
	wait, bound := turn.DelayFrom(now), bulkWait
	if urgent {
		bound = urgentWait
	}
	if wait == 0 {
		return true
	}
	if deadline, ok := ctx.Deadline(); ok {
		bound = min(bound, time.Until(deadline))
	}
	if wait > bound {
		turn.CancelAt(now)
		p.turnAway(now, wait, urgent, out)
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		turn.CancelAt(p.now())
		fill(out, notTried(touch.ResultRetryable, "", "ended before its turn"))
		return false
	}
}

func (p *pace) turnAway(now time.Time, wait time.Duration, urgent bool, out []touch.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &p.bulk
	if urgent {
		next = &p.urgent
	}
	first := now.Add(wait)
	for i := range out {
		if next.Before(first) || next.Sub(first) >= turnsAhead {
			*next = first
		}
		out[i] = notTried(touch.ResultThrottled, touch.ReasonRate, "")
		out[i].RetryAfter = next.Sub(now)
		*next = next.Add(p.each)
	}
}

func notTried(c touch.ResultClass, reason, detail string) touch.Result {
	return touch.Result{Class: c, Reason: reason, Detail: detail, NoAttempt: true}
}

func fill(out []touch.Result, r touch.Result) {
	for i := range out {
		out[i] = r
	}
}
