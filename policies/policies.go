// SPDX-License-Identifier: Apache-2.0

// Package policies judges touches. Approved documents (YAML) are compiled into
// an immutable Set; the set answers, for one leg of one touch at one instant,
// whether it may go, when if not now, and why. Guard puts the set together
// with the contact log: Forecast asks without side effect, Reserve asks and
// holds a place under every cap in the same step.
//
// The package does no input or output of its own, and a Set and a Guard are
// safe for concurrent use.
package policies

import (
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Question is one leg of a touch at one instant, with the facts that rules are
// judged by. It is read-only.
type Question struct {
	Touch *touch.Touch
	Leg   int
	// Customer holds what is known of the customer; nil is the strictest reading.
	Customer *touch.Customer
	// Listings are the live entries of all lists for the customer and for
	// the leg's address.
	Listings []touch.Listing
	// Address is the leg's resolved address, "" where the channel has none.
	Address string
	// TemplateDuties are the duties that the leg's template fulfils.
	TemplateDuties []string
	// Ahead are the customer's touches that wait and have a higher priority,
	// the highest first, where Guard.Ranks asks for them; see MaxAhead.
	Ahead []Ahead
	Now   time.Time
}

// EntryOf is the contact that q's leg would be, as the contact log keeps it.
func EntryOf(q Question) contactlog.Entry {
	t, leg := q.Touch, &q.Touch.Plan[q.Leg]
	return contactlog.Entry{
		ID:       touch.DispatchID(t.ID, q.Leg),
		At:       q.Now,
		Channel:  leg.Channel,
		Category: t.Category,
		Subject:  contactlog.Hash(t.Subject),
		Campaign: contactlog.Hash(t.Campaign),
		Address:  contactlog.Hash(q.Address),
		Caller:   contactlog.Hash(t.Caller),
		Template: contactlog.Hash(leg.Template),
	}
}
