package channels

import (
	"context"
	"sync"
)

// bulkhead bounds the calls that run at once. Bulk may hold all but an eighth of
// them, so that an urgent message never waits for a campaign's slow calls.
type bulkhead struct{ all, bulk chan struct{} }

func newBulkhead(n int) bulkhead {
	kept := 0
	if n > 1 {
		kept = max(1, n/8)
	}
	return bulkhead{all: make(chan struct{}, n), bulk: make(chan struct{}, n-kept)}
}

// acquire takes a slot; false: ctx ended first.
func (s bulkhead) acquire(ctx context.Context, urgent bool) bool {
	if ctx.Err() != nil {
		return false
	}
	if !urgent && !acquireSlot(ctx, s.bulk) {
		return false
	}
	if acquireSlot(ctx, s.all) {
		return true
	}
	if !urgent {
		<-s.bulk
	}
	return false
}

func (s bulkhead) release(urgent bool) {
	<-s.all
	if !urgent {
		<-s.bulk
	}
}

func acquireSlot(ctx context.Context, c chan struct{}) bool {
	select {
	case c <- struct{}{}:
		return true
	default:
	}
	select {
	case c <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// startLock has bulk segments begin their calls one after the other, the next one
// as soon as the last call of the one before has begun. Were all at it at once,
// all would end together: then nobody prepares what goes next, and each is
// settled in many small parts.
type startLock chan struct{}

func newStartLock() startLock { return make(startLock, 1) }

// take waits for the turn; an urgent segment needs none. The answer passes it
// on, once. When ctx ends first, the slots refuse what follows.
func (t startLock) take(ctx context.Context, urgent bool) (pass func()) {
	if urgent || !acquireSlot(ctx, t) {
		return func() {}
	}
	return sync.OnceFunc(func() { <-t })
}
