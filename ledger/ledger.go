// SPDX-License-Identifier: Apache-2.0

// Package ledger says what the durable truth of Touchgate does, and holds its
// row types. Drivers live in ledger/sqlite and ledger/postgres; both pass the
// kit in ledger/ledgertest.
//
// A touch is stored once and never changes (touch.Touch). How far it has come
// is a narrow row beside it (Progress), moved only by compare-and-set on its
// Version. What happened is appended to the journal as events, one record for
// each committed batch; a touch's history is found by the record numbers kept
// with its Progress. Every method is one transaction, is safe for concurrent
// use, and takes slices: a batch of one is the ordinary case of a batch.
//
// Errors are *touch.Error: Unavailable when the store does not answer,
// otherwise as each method says.
package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Ledger is an open ledger: one part for each subject. Pass a part on, not the
// whole, to code that needs one subject. With puts a
// decorator around parts.
type Ledger struct {
	Intake        Intake
	Work          Work
	Recovery      Recovery
	Receipts      Receipts
	Touches       Touches
	Contacts      Contacts
	Campaigns     Campaigns
	Events        Events
	Customers     Customers
	Listings      Listings
	Templates     Templates
	Items         Items
	Keys          Keys
	Controls      Controls
	PolicySets    PolicySets
	PolicyChanges PolicyChanges
	Leases        Leases
	Journal       Journal
	Subscriptions Subscriptions
	DeadLetters   DeadLetters
	Retention     Retention
	Store         Store
}

// With returns a copy of the ledger in which change has replaced parts: how a
// decorator is put around them. The ledger itself stays as it is.
func (l *Ledger) With(change func(*Ledger)) *Ledger {
	changed := *l
	change(&changed)
	return &changed
}

// Ping reports whether the store answers.
func (l *Ledger) Ping(ctx context.Context) error { return l.Store.Ping(ctx) }

// Close waits for what is running and closes the store. No part may be used after it.
func (l *Ledger) Close() error { return l.Store.Close() }

// Store is what lies under all parts.
type Store interface {
	// Ping reports whether the store answers.
	Ping(ctx context.Context) error
	// Close waits for what is running and closes the store.
	Close() error
}

// Intake takes touches in.
type Intake interface {
	// Accept stores new touches with their first progress and events, in one
	// transaction. A touch whose id is known already (in the store or earlier
	// in the batch) changes nothing; its Accepted says whether the digest is
	// the same. Touches with Enqueue set are put into segments of their lane,
	// one segment for each lane in the batch, which the caller must enqueue;
	// the reconciler finds those that it fails to.
	Accept(ctx context.Context, touches []NewTouch) ([]Accepted, []SegmentRef, error)
	// AcceptAndClaim is Accept for a worker that is about to send some of the
	// touches itself: the segments of its lanes are, once the touches are
	// stored, as Claim and Intend by that worker would have left them. Held
	// are those segments, with the touches that are new; refs are the others,
	// to be enqueued. It asserts the fence (else ErrFence: nothing is stored).
	AcceptAndClaim(ctx context.Context, touches []NewTouch, h Claim) (accepted []Accepted, held []*Segment, refs []SegmentRef, err error)
}

// Claim is what a worker says of touches that it accepts into its own hands.
type Claim struct {
	Worker         string
	Lanes          []string  // whose segments it holds
	Until          time.Time // the end of its lease on them
	ControlVersion int64     // that the intents were judged under
	// Intents are what it means to send, by index into the touches; each of a
	// touch of its lanes. The ledger fills in Seq and Version.
	Intents map[int]Intent
}

// NewTouch is one touch to accept.
type NewTouch struct {
	Touch  touch.Touch
	Digest [16]byte
	State  touch.State // Due, or the final state of a refusal
	Due    time.Time   // with Due: when
	Lane   string      // with Due: where
	Leg    int         // with Due: the first leg to try
	Reason string      // of a refusal: the rule
	// Enqueue asks for a segment at once: an urgent touch that is due now.
	Enqueue bool
	Events  []touch.Event // in order; Seq is set by the ledger
}

// Accepted is what Accept made of one touch.
type Accepted struct {
	New   bool // stored now
	Same  bool // stored earlier, with the same digest; neither: another digest, a conflict
	State touch.State
	Due   time.Time
	// Verdict is the one recorded at intake, for a touch stored earlier and refused then.
	Reason string
}

// SegmentRef names a segment at one epoch: all that a queue task carries.
type SegmentRef struct {
	Segment int64
	Epoch   int64
	Lane    string
}

// Progress is how far a touch has come: the narrow, hot row.
type Progress struct {
	Seq      int64 // the ledger's own number for the touch
	Version  int64 // rises with every change
	State    touch.State
	Leg      int
	Attempts int       // spent on this leg
	Due      time.Time // zero: no timer runs
	Lane     string
	Segment  int64 // 0: in no segment
	Priority int
	Reason   string // of a final state, or of the latest failure
	Provider string // that has the message, or may have it
	// Contacts are the legs that were, or may have been, sent: what the
	// contact log is rebuilt from.
	Contacts []Contact
}

// ContactOn gives the contact of a leg, if there is one.
func (p *Progress) ContactOn(leg int) (Contact, bool) {
	for _, c := range p.Contacts {
		if c.Leg == leg {
			return c, true
		}
	}
	return Contact{}, false
}

// Contact is one leg that reached, or may have reached, the customer.
type Contact struct {
	Leg     int           `json:"l"`
	Channel touch.Channel `json:"c"`
	At      time.Time     `json:"t"`
	// Kind is how far the contact came.
	Kind touch.ContactKind `json:"k,omitempty"`
	// Heard are the outcomes and replies reported of this leg, in order of the
	// alphabet and parted by spaces, so that each is news only once; ".read"
	// and ".replied" are no outcomes.
	Heard string `json:"h,omitempty"`
}

// Work moves touches: used by feeder, workers and reconciler.
type Work interface {
	// Feed takes up to limit due touches of the lane into a new segment: the
	// highest priority first, of equal ones what expires first (told apart by
	// five minutes, the hour or the day, as it is near or far), then what is due
	// for longest. It clears their timers, and gives
	// its reference; ok is false when nothing is due. Touches of paused
	// campaigns are passed over and cost later calls nothing. A timer that was
	// set more than ten seconds ahead may run out a tenth of a second late.
	Feed(ctx context.Context, lane string, now time.Time, limit int) (ref SegmentRef, n int, ok bool, err error)
	// OpenSegments counts the lane's segments that are not yet done.
	OpenSegments(ctx context.Context, lane string) (int, error)
	// NextDue is the earliest timer of the lane that is set, zero when none is.
	NextDue(ctx context.Context, lane string) (time.Time, error)

	// Claim leases a segment to a worker until the given instant and loads
	// it. It is a compare-and-set on the epoch and on no lease being live;
	// an error of class Conflict means that there is nothing to do here: the
	// segment is done, was taken over or is being worked on.
	Claim(ctx context.Context, ref SegmentRef, worker string, now, until time.Time) (*Segment, error)
	// Renew extends a lease; class Conflict: it was lost. A zero instant gives
	// the segment back: its worker lives, and this is no crash.
	Renew(ctx context.Context, ref SegmentRef, worker string, until time.Time) error
	// Intend records, before any vendor is called, which dispatches are about
	// to be sent. It asserts the segment's epoch (else class Conflict) and
	// the fence the touches were judged under (else ErrFence: judge again).
	// It answers the indexes, into intents, of touches that were cancelled
	// or moved on meanwhile: those must not be sent.
	Intend(ctx context.Context, ref SegmentRef, fence int64, intents []Intent) (dropped []int, err error)
	// Apply applies transitions in one transaction and takes the touches out
	// of the segment (those with Keep set apart); a segment with none left is
	// done. See Apply for how a transition meets a touch that moved on.
	// Asserts the segment's epoch: class Conflict. A ref with Segment 0
	// settles touches that are in none.
	Apply(ctx context.Context, ref SegmentRef, transitions []Transition) error
}

// Recovery finds what its worker, a receipt or a campaign left behind: used by the reconciler.
type Recovery interface {
	// ReclaimExpired finds up to limit segments whose lease ran out before an instant
	// (one far ahead is any lease), or
	// that nobody claimed since unclaimedBefore, raises their epoch and gives the
	// new references, to be enqueued again. Crashes counts how often a
	// segment was recovered after a claim; see Segment.
	ReclaimExpired(ctx context.Context, leasesBefore, unclaimedBefore time.Time, limit int) ([]SegmentRef, error)
	// ExpireUnconfirmed ends touches that were sent before the instant, have no timer
	// and never heard a receipt, up to limit at a time.
	ExpireUnconfirmed(ctx context.Context, sentBefore, now time.Time, limit int) (n int, err error)
	// ResumeParked puts touches of resumed campaigns back, and cancels those of
	// cancelled ones, up to limit at a time; n is how many it moved.
	ResumeParked(ctx context.Context, now time.Time, limit int) (n int, err error)
}

// Segment is a claimed set of touches.
type Segment struct {
	Ref     SegmentRef
	Touches []ClaimedTouch
	// Crashes is how often an earlier worker lost this segment while it held it.
	Crashes int
}

// ClaimedTouch is one touch within a segment.
type ClaimedTouch struct {
	Touch    touch.Touch
	Progress Progress
	// Intent is set when an earlier epoch meant to send this touch and did
	// not settle: it may have been sent.
	Intent *Intent
}

// Intent is the record that a dispatch is about to be sent.
type Intent struct {
	Seq      int64     `json:"s"`
	Version  int64     `json:"v"` // of the progress that was judged
	Leg      int       `json:"l"`
	Attempt  int       `json:"a"`
	Provider string    `json:"p"`
	At       time.Time `json:"t"`
}

// ErrControlChanged is Intend's answer when a stop, a pause, a policy or a lost shard
// changed what may be sent since the touches were judged.
var ErrControlChanged = &touch.Error{Class: touch.Conflict, Message: "the rules changed since this touch was judged"}

// Transition moves one touch.
type Transition struct {
	Seq      int64
	Version  int64 // that the mover saw
	To       touch.State
	Leg      int
	Attempts int
	Due      time.Time // zero: no timer
	Lane     string
	Reason   string
	Provider string
	// Contact, when set, is added to the progress' contacts, or replaces the
	// one of the same leg. DropContact takes away that of the leg which the touch
	// was on so far (a known non-send), and may go on with another.
	Contact     *Contact
	DropContact bool
	// VendorID, when set, is kept so that receipts find the touch by
	// (provider, vendor id).
	VendorID string
	// Keep leaves the touch in its segment.
	Keep   bool
	Events []touch.Event
}
