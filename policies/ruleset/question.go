package ruleset

import (
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Question is one leg of a touch at one instant, with the facts that rules
// need. It is read-only.
type Question struct {
	Touch *touch.Touch
	Leg   int
	// Customer is what is known of the customer. Nil means that nothing is
	// known; rules then take the strictest reading.
	Customer *touch.Customer
	// Listings are the live entries of all lists for the customer and for the
	// leg's address.
	Listings []touch.Listing
	// Address is the leg's resolved address, "" if the channel has none.
	Address string
	// TemplateObligations names what the leg's template fulfils for rules with the
	// key "duty", for example "opt_out_text".
	TemplateObligations []string
	// Ahead are the customer's waiting touches of higher priority, the highest
	// first. They are needed only if the guard says so; see MaxAhead.
	Ahead []Ahead
	Now   time.Time
}

// Ahead is a waiting touch of the same customer with a higher priority. Caps
// with `start: ranked` keep a place for it.
type Ahead struct {
	Touch *touch.Touch
	Leg   int
	Due   time.Time // zero: now
}

// MaxAhead is how many touches ahead are looked at one by one. If there are
// more, every ranked cap counts as full.
const MaxAhead = 16

// KindRank is the kind of a finding that says: this touch waits because a cap
// keeps its place for a touch of higher priority.
const KindRank = "rank"

// Entry is the contact that the question's leg would be, as the contact log
// keeps it.
func (q Question) Entry() contactlog.Entry {
	leg := &q.Touch.Plan[q.Leg]
	return contactlog.Entry{
		ID:       touch.DispatchID(q.Touch.ID, q.Leg),
		At:       q.Now,
		Channel:  leg.Channel,
		Category: q.Touch.Category,
		Subject:  contactlog.Hash(q.Touch.Subject),
		Campaign: contactlog.Hash(q.Touch.Campaign),
		Address:  contactlog.Hash(q.Address),
		Caller:   contactlog.Hash(q.Touch.Caller),
		Template: contactlog.Hash(leg.Template),
	}
}
