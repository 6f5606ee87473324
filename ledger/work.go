package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Work is what the feeder and the workers do with touches. Each worker keeps to
// this order for a segment: Claim, then (for what it sends) Intend, then the
// call to the vendor, then Apply; Renew meanwhile.
type Work interface {
	// Feed puts up to limit due touches of the lane into a new segment and
	// clears their timers; ok is false when none is due. Touches of the highest
	// priority go first; of equal priority those that expire first (compared in
	// steps of five minutes, an hour or a day, the coarser the later they
	// expire); then those that are due for longest. Touches of paused campaigns
	// are parked and cost later calls nothing. A timer that was set more than
	// ten seconds ahead may fire a tenth of a second late.
	Feed(ctx context.Context, lane string, now time.Time, limit int) (ref SegmentRef, n int, ok bool, err error)
	// OpenSegments counts the lane's segments that are not done yet.
	OpenSegments(ctx context.Context, lane string) (int, error)

	// Claim leases a segment to a worker until an instant, and loads it. It is a
	// compare-and-set on the epoch and on no lease being live. Class Conflict:
	// there is nothing to do here, because the segment is done, was reclaimed or
	// is being worked on.
	Claim(ctx context.Context, ref SegmentRef, worker string, now, until time.Time) (*Segment, error)
	// Renew extends the worker's lease. Class Conflict: the lease was lost.
	Renew(ctx context.Context, ref SegmentRef, worker string, until time.Time) error
	// Release ends the worker's lease: another worker may claim the segment at
	// once. It does not count as a crash. Class Conflict: the lease was lost.
	Release(ctx context.Context, ref SegmentRef, worker string) error
	// Intend records, before any vendor is called, which dispatches are about to
	// be sent. Class Conflict: the segment's epoch has changed.
	// ErrControlChanged: the rules have changed since the version that the touches
	// were judged under, or one of their campaigns has. dropped are the indexes (into
	// intents) of touches that were cancelled or moved on meanwhile; they must
	// not be sent.
	Intend(ctx context.Context, ref SegmentRef, controlVersion ControlVersion, intents []Intent) (dropped []int, err error)
	// Apply applies transitions and takes the touches out of the segment, except
	// those with Keep set. A segment with no touch left is done. The function
	// Apply says how a transition meets a touch that has moved on. Class
	// Conflict: the segment's epoch has changed.
	Apply(ctx context.Context, ref SegmentRef, transitions []Transition) error
	// ApplyUnclaimed applies transitions of touches that are in no segment. A
	// touch that is in a segment stays there; its transition counts as stale.
	ApplyUnclaimed(ctx context.Context, transitions []Transition) error
}

// ErrControlChanged is the error of Intend and AcceptAndClaim when a kill
// switch, a policy, a lost shard of the contact log or the status of their own
// campaign has changed what may be sent since the touches were judged. Its class
// is Conflict.
var ErrControlChanged = &touch.Error{Class: touch.Conflict, Message: "the rules changed since this touch was judged"}

// Segment is a claimed set of touches.
type Segment struct {
	Ref     SegmentRef
	Touches []ClaimedTouch
	// Crashes counts how often a worker lost this segment while it held it.
	Crashes int
}

// ClaimedTouch is one touch within a segment.
type ClaimedTouch struct {
	Touch    touch.Touch
	Progress Progress
	// Intent is set when a worker of an earlier epoch was about to send this
	// touch and did not apply a result: the touch may have been sent.
	Intent *Intent
}

// Intent records that a dispatch is about to be sent.
type Intent struct {
	Seq      int64
	Version  int64 // of the progress that was judged
	Leg      int
	Attempt  int
	Provider string
	At       time.Time
}
