package channels

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"touchgate.dev/touch"
)

// breaker gives a failing vendor a rest. It is the only user of gobreaker.
// Failures are calls of which the vendor took nothing it can vouch for
// (Retryable, Misconfigured, Unknown); a rejected message shows a vendor at
// work, and a throttled one says nothing of its health.
type breaker struct {
	cb   *gobreaker.TwoStepCircuitBreaker[struct{}]
	open time.Duration
	now  func() time.Time
	// consecutive counts failures in a row over all windows: a quiet provider's rare
	// failures age out of the rolling buckets before they reach the minimum.
	consecutive atomic.Int64
	openedAt    atomic.Int64 // unix nanoseconds
	probing     atomic.Int64 // calls let through while half open
	lastProbe   atomic.Int64 // when a probe was last asked for, unix nanoseconds
}

var (
	errFailed   = errors.New("the call failed")
	errExcluded = errors.New("the call says nothing of the vendor's health")
)

func newBreaker(name string, c BreakerConfig, o Options) *breaker {
	b := &breaker{open: c.Open.Std(), now: o.Now}
	b.cb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         name,
		MaxRequests:  uint32(c.Probes),
		Interval:     c.Window.Std(),
		BucketPeriod: max(c.Window.Std()/10, time.Millisecond),
		Timeout:      c.Open.Std(),
		IsExcluded:   func(err error) bool { return errors.Is(err, errExcluded) },
		ReadyToTrip: func(n gobreaker.Counts) bool {
			judged := n.TotalSuccesses + n.TotalFailures
			return b.consecutive.Load() >= int64(c.Consecutive) ||
				(judged >= uint32(c.Minimum) && float64(n.TotalFailures) >= c.Ratio*float64(judged))
		},
		OnStateChange: func(name string, from, to gobreaker.State) {
			b.consecutive.Store(0)
			if to == gobreaker.StateOpen {
				b.openedAt.Store(o.Now().UnixNano())
			}
			o.Logger.Warn("breaker changed", "provider", name, "from", stateName(from), "to", stateName(to))
		},
	})
	return b
}

// begin asks for one call. Where ok is true the caller must call finish on the
// attempt exactly once, on every path: a half-open breaker waits for the result
// of its probe, and would stay half open without it.
func (b *breaker) begin() (a breakerAttempt, ok bool) {
	report, err := b.cb.Allow()
	if err != nil {
		return breakerAttempt{}, false
	}
	probe := b.cb.State() == gobreaker.StateHalfOpen
	if probe {
		b.probing.Add(1)
	}
	return breakerAttempt{b: b, report: report, probe: probe}, true
}

// breakerAttempt is one call that the breaker has let through.
type breakerAttempt struct {
	b      *breaker
	report func(error)
	probe  bool
}

// finish tells the breaker how the call went: nil, errFailed or errExcluded.
func (a breakerAttempt) finish(err error) {
	switch {
	case err == nil:
		a.b.consecutive.Store(0)
	case errors.Is(err, errFailed):
		a.b.consecutive.Add(1)
	}
	a.report(err)
	if a.probe {
		a.b.probing.Add(-1)
	}
}

// probeEvery is how often a half-open provider is offered a message to prove itself with.
const probeEvery = time.Second

// admit reports whether the vendor may have any number of calls, and probe
// whether, instead, this one message should be tried on it.
func (b *breaker) admit() (closed, probe bool) {
	switch b.cb.State() {
	case gobreaker.StateClosed:
		return true, false
	case gobreaker.StateOpen:
		return false, false
	}
	last, now := b.lastProbe.Load(), b.now().UnixNano()
	return false, now-last >= int64(probeEvery) && b.lastProbe.CompareAndSwap(last, now)
}

// isClosed reports whether the vendor is neither resting nor to prove itself.
func (b *breaker) isClosed() bool { return b.cb.State() == gobreaker.StateClosed }

// mayCall reports whether a call would have a chance now.
func (b *breaker) mayCall() bool {
	switch b.cb.State() {
	case gobreaker.StateOpen:
		return false
	case gobreaker.StateHalfOpen:
		return b.probing.Load() == 0
	}
	return true
}

// retryAfter is how long a refused caller should wait.
func (b *breaker) retryAfter() time.Duration {
	left := time.Unix(0, b.openedAt.Load()).Add(b.open).Sub(b.now())
	return min(max(left, time.Second), max(b.open, time.Second))
}

func (b *breaker) state() string { return stateName(b.cb.State()) }

// gauge is the state as metrics show it: 0 closed, 1 half open, 2 open.
func (b *breaker) gauge() float64 { return float64(b.cb.State()) }

func stateName(s gobreaker.State) string {
	switch s {
	case gobreaker.StateClosed:
		return "closed"
	case gobreaker.StateHalfOpen:
		return "half_open"
	}
	return "open"
}

// healthOf says what a call tells the breaker: failed when most of what was
// sent failed, nothing when our own side gave up or all was throttled.
func healthOf(parent context.Context, rs []touch.Result) error {
	failed, judged := 0, 0
	for i := range rs {
		switch rs[i].Class {
		case touch.ResultThrottled:
		case touch.ResultAccepted, touch.ResultRejected:
			judged++
		default:
			judged++
			failed++
		}
	}
	switch {
	case judged == 0, failed > 0 && errors.Is(parent.Err(), context.Canceled):
		return errExcluded
	case 2*failed > judged:
		return errFailed
	}
	return nil
}
