package ledger

import (
	"time"

	"touchgate.dev/touch"
)

// Transition moves one touch.
type Transition struct {
	Seq      int64
	Version  int64 // of the progress that the worker saw
	To       touch.State
	Leg      int
	Attempts int
	Due      time.Time // zero: no timer
	Lane     string    // "": the lane stays
	Reason   string
	Provider string
	// Hold keeps a touch that is due until the kill switches of this name are over
	// (KillSwitch.Hold, JoinHolds). Recovery.ReleaseHeld then lets it go on.
	Hold string
	// Contact, when set, is added to the progress' contacts or merged into the
	// one of the same leg.
	Contact *Contact
	// DropContact removes the contact of the leg that the touch was on so far,
	// after a known non-send. The transition may go on with another leg.
	DropContact bool
	// VendorID, when set, is stored so that receipts find the touch by provider
	// and vendor id.
	VendorID string
	// Keep leaves the touch in its segment.
	Keep   bool
	Events []touch.Event
}

// Apply moves a progress by a transition. It is the one place where a worker's
// result meets what happened meanwhile. Drivers call it within the transaction
// of Work.Apply, with cur.Segment set only for touches of the segment that the
// worker holds.
//
// If the touch has not moved since the worker looked (equal versions), the
// transition takes effect. If it has (a receipt arrived before the vendor's
// answer, a caller cancelled), the newer progress stays, and only the facts of
// the send are added: the contact, the provider and the events of the send.
//
// Within the worker's own segment only receipts and a cancellation can move a
// touch. There the transition also takes effect while the touch is neither
// final nor on a later leg. For example a late failure report of leg 0 made the
// touch due again while leg 1 was being sent: it must not be sent again.
//
// A transition without To only takes the touch out of its segment.
func Apply(cur Progress, tr Transition) (Progress, []touch.Event) {
	next := cur
	next.Version++
	if !tr.Keep {
		next.Segment = 0
	}
	if tr.Contact != nil {
		next.Contacts = mergeContact(cur.Contacts, *tr.Contact)
	}
	if tr.Provider != "" {
		next.Provider = tr.Provider
	}
	if tr.To == "" {
		return next, nil
	}

	inOwnSegment := cur.Segment != 0 && !cur.State.Final() && cur.Leg <= tr.Leg
	if tr.Version != cur.Version && !inOwnSegment {
		if tr.Contact != nil && cur.State.Final() {
			next.Leg = max(cur.Leg, tr.Leg) // the leg that was sent last
		}
		return next, sendEvents(tr.Events, cur.State)
	}

	if tr.DropContact {
		next.Contacts = dropContact(cur.Contacts, cur.Leg)
	}
	next.State = tr.To
	next.Leg = tr.Leg
	next.Attempts = tr.Attempts
	next.Due = tr.Due
	next.Reason = tr.Reason
	next.Hold = tr.Hold
	if tr.Lane != "" {
		next.Lane = tr.Lane
	}
	return next, tr.Events
}

// sendEvents keeps the events that say what was sent and why on that leg, under
// the state that the touch has reached since. Without a send it keeps none.
func sendEvents(events []touch.Event, state touch.State) []touch.Event {
	var kept []touch.Event
	sent := false
	for _, e := range events {
		switch e.Kind {
		case touch.EventSent, touch.EventUnknown:
			sent = true
		case touch.EventFallback:
		default:
			continue
		}
		e.State = state
		kept = append(kept, e)
	}
	if !sent {
		return nil
	}
	return kept
}
