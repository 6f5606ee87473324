package channels

import (
	"context"
	"sync/atomic"
)

// bulkhead bounds the calls to one vendor that run at the same time. Bulk may
// use all but an eighth of the slots, so that an urgent message never waits
// for the slow calls of a campaign.
type bulkhead struct {
	all  chan struct{} // one entry for each running call
	bulk chan struct{} // one entry for each running call of bulk
}

func newBulkhead(calls int) bulkhead {
	reserved := 0
	if calls > 1 {
		reserved = max(1, calls/8)
	}
	return bulkhead{
		all:  make(chan struct{}, calls),
		bulk: make(chan struct{}, calls-reserved),
	}
}

// acquire waits for a slot. It returns false when ctx ends first; otherwise
// the caller must call release with the same urgency.
func (b bulkhead) acquire(ctx context.Context, urgent bool) bool {
	if ctx.Err() != nil {
		return false
	}
	if !urgent && !acquireSlot(ctx, b.bulk) {
		return false
	}
	if acquireSlot(ctx, b.all) {
		return true
	}
	if !urgent {
		<-b.bulk
	}
	return false
}

func (b bulkhead) release(urgent bool) {
	<-b.all
	if !urgent {
		<-b.bulk
	}
}

// acquireSlot puts an entry into the channel. It returns false when ctx ends
// before there is room. The first select prefers a free slot to an ended ctx.
func acquireSlot(ctx context.Context, slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	default:
	}

	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// startLock serialises bulk segments: the next one starts when the previous
// one has started its last call. If all ran at once they would finish
// together, with no work prepared and many small commits.
type startLock chan struct{}

func newStartLock() startLock { return make(startLock, 1) }

// acquire waits until a segment of so many calls may start. An urgent segment
// never waits. The caller must call release on the pass. When ctx ends first,
// the pass holds nothing, and the bulkhead refuses the calls.
func (l startLock) acquire(ctx context.Context, urgent bool, calls int) *startPass {
	pass := &startPass{}
	pass.waiting.Store(int64(calls))
	if !urgent && acquireSlot(ctx, l) {
		pass.lock = l
	}
	return pass
}

// startPass is a segment's permission to start. It ends when the last call of
// the segment has started. A nil pass belongs to a segment of one call, which
// needs none. It is safe for concurrent use.
type startPass struct {
	lock     startLock    // nil: nothing is held
	waiting  atomic.Int64 // calls that have not started
	released atomic.Bool
}

// callStarted counts one call that has its slot in the bulkhead.
func (p *startPass) callStarted() {
	if p != nil && p.waiting.Add(-1) == 0 {
		p.release()
	}
}

// release lets the next segment start. It may be called more than once.
func (p *startPass) release() {
	if p.lock != nil && p.released.CompareAndSwap(false, true) {
		<-p.lock
	}
}
