package replay

import (
	"fmt"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Evaluate returns the set's verdict on the case. Contacts that were made after
// the case's instant do not count.
func (c *Case) Evaluate(set *ruleset.Set) touch.Verdict {
	t := newTouch(c, c.Caller, c.Touch)
	q := policies.Question{
		Touch:               t,
		Leg:                 c.Leg,
		Customer:            c.Customer,
		Listings:            c.Listings,
		TemplateObligations: c.Obligations,
		Now:                 c.At,
		Address:             touch.AddressOn(t.Plan[c.Leg].Channel, &t.Request, c.Customer),
	}
	for i := range c.Ahead {
		w := &c.Ahead[i]
		if w.Touch.Priority <= t.Priority {
			continue // only a higher priority goes first
		}
		q.Ahead = append(q.Ahead, policies.Ahead{
			Touch: newTouch(c, w.Caller, w.Touch),
			Leg:   w.Leg,
			Due:   w.Due,
		})
	}
	return set.Evaluate(q, contactlog.Snapshot{Known: true, Entries: c.entries()})
}

// newTouch returns a request as the touch that the gateway would have accepted
// at the case's instant.
func newTouch(c *Case, caller string, request touch.Request) *touch.Touch {
	return &touch.Touch{
		ID:         touch.NewID(caller, request.Key),
		Caller:     caller,
		AcceptedAt: c.At,
		Request:    request,
	}
}

// entries returns the contacts as entries of a contact log.
func (c *Case) entries() []contactlog.Entry {
	var entries []contactlog.Entry
	for i, k := range c.Contacts {
		// A pending contact counts although it was made later: its
		// reservation existed at the case's instant.
		if k.At.After(c.At) && !k.pending {
			continue
		}
		id := k.ID
		if id == "" {
			id = fmt.Sprintf("contact %d", i) // entries with one id count once
		}
		entries = append(entries, contactlog.Entry{
			ID:       id,
			At:       k.At,
			Pending:  k.pending,
			Kind:     contactlog.KindOf(k.Kind),
			Channel:  k.Channel,
			Category: k.Category,
			Subject:  contactlog.Hash(k.Subject),
			Campaign: contactlog.Hash(k.Campaign),
			Address:  contactlog.Hash(k.Address),
			Caller:   contactlog.Hash(k.Caller),
			Template: contactlog.Hash(k.Template),
		})
	}
	return entries
}
