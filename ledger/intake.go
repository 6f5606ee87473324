package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Intake stores new touches.
type Intake interface {
	// Accept stores new touches with their first progress and events. A touch
	// whose id is known already (in the store or earlier in the batch) changes
	// nothing; its Accepted says whether the digest is the same. Touches with
	// Enqueue set are put into new segments, one for each lane of the batch. The
	// caller must enqueue the returned segments; the reconciler finds those that
	// it fails to enqueue.
	Accept(ctx context.Context, touches []NewTouch) ([]Accepted, []SegmentRef, error)
	// AcceptAndClaim is Accept for a worker that is about to send some of the
	// touches itself. Segments of the claim's lanes are stored as Work.Claim and
	// Work.Intend by that worker would have left them; they are returned as
	// claimed, with the touches that are new. refs are the other segments, to be
	// enqueued. ErrControlChanged: the control version is another than the
	// claim's, and nothing was stored.
	AcceptAndClaim(ctx context.Context, touches []NewTouch, c Claim) (accepted []Accepted, claimed []*Segment, refs []SegmentRef, err error)
}

// NewTouch is one touch to accept.
type NewTouch struct {
	Touch  touch.Touch
	Digest [16]byte
	State  touch.State // Due, or the final state of a refusal
	Due    time.Time   // with state Due: when
	Lane   string      // with state Due: where
	Leg    int         // with state Due: the first leg to try
	Reason string      // of a refusal: the rule
	// Enqueue asks for a segment at once: for an urgent touch that is due now.
	Enqueue bool
	Events  []touch.Event // in order; the ledger sets Seq
}

// Claim says which accepted touches a worker takes into its own hands.
type Claim struct {
	Worker string
	Lanes  []string  // the worker claims the segments of these lanes
	Until  time.Time // when its lease on them ends
	// ControlVersion is the one that the intents were judged under.
	ControlVersion ControlVersion
	// Intents are what the worker is about to send, by index into the touches.
	// Each is of a touch of the claim's lanes. The ledger sets Seq and Version.
	Intents map[int]Intent
}

// Accepted is the result of accepting one touch. With neither New nor Same, a
// touch of the same id and another content was stored earlier: a conflict.
type Accepted struct {
	New   bool // stored now
	Same  bool // stored earlier, with the same digest
	State touch.State
	Due   time.Time
	// Reason is the rule that refused the touch at intake, if one did.
	Reason string
}

// SegmentRef names a segment at one epoch: all that a queue task carries.
type SegmentRef struct {
	Segment int64
	Epoch   int64
	Lane    string
}
