package ledger

import (
	"time"

	"touchgate.dev/touch"
)

// Progress is how far a touch has come: the narrow row that changes often.
type Progress struct {
	Seq      int64 // the ledger's own number for the touch
	Version  int64 // rises with every change
	State    touch.State
	Leg      int
	Attempts int       // on this leg
	Due      time.Time // zero: no timer runs
	Lane     string
	Segment  int64 // 0: in no segment
	Priority int
	Reason   string // of a final state, or of the latest failure
	Provider string // that has the message, or may have it
	// Hold is that of the transition; it is "" in what is read.
	Hold string
	// Contacts are the legs that were, or may have been, sent. The contact log
	// is rebuilt from them.
	Contacts []Contact
}

// ContactOn returns the contact of a leg, if there is one.
func (p *Progress) ContactOn(leg int) (Contact, bool) {
	for _, c := range p.Contacts {
		if c.Leg == leg {
			return c, true
		}
	}
	return Contact{}, false
}

// MayBeSent reports whether the leg that the touch is on may have reached the
// customer.
func (p *Progress) MayBeSent() bool {
	_, may := p.ContactOn(p.Leg)
	return may
}

// Resent reports whether the touch was sent a second time on purpose: that may
// happen once.
func (p *Progress) Resent() bool { return p.Reason == touch.ReasonResent }

// RefusedByRule reports whether a policy's rule ended the touch. The reason is
// then the rule's id, which is "policy/rule"; no other reason has a slash.
func (p *Progress) RefusedByRule() bool {
	return p.State.Final() && touch.ReasonIsRule(p.Reason)
}
