package sqlstore

import (
	"slices"
	"time"

	"touchgate.dev/touch"
)

// customerFacts is what a transaction adds to one customer.
type customerFacts struct {
	profile  *touch.Customer // replaces everything but consents and outcomes; nil: stays
	at       time.Time       // when the profile was put
	consents []touch.Consent
	outcomes []touch.Outcome
	// logged says that the touch's own events report the outcomes already.
	logged bool
}

// addTo adds the facts to a customer. It returns the events of those that are
// new, and whether any is new.
func (f *customerFacts) addTo(c *touch.Customer) (events []touch.Event, isNew bool) {
	if f.profile != nil {
		p := *f.profile
		p.Version = c.Version
		p.Consents = c.Consents
		p.Outcomes = c.Outcomes
		*c = p
		events = append(events, touch.Event{Kind: touch.EventCustomer, At: f.at})
	}
	events = append(events, f.addConsents(c)...)

	added := f.addOutcomes(c)
	if !f.logged {
		for _, o := range added {
			events = append(events, touch.Event{
				Kind: touch.EventCustomer, At: o.At, Outcome: o.Kind, Channel: o.Channel, Campaign: o.Campaign,
			})
		}
	}
	return events, len(added) > 0 || len(events) > 0
}

// addConsents adds the consents that are new, in the order of their time, and
// returns their events.
func (f *customerFacts) addConsents(c *touch.Customer) (events []touch.Event) {
	before := c.Consents
	for _, n := range f.consents {
		known := func(o touch.Consent) bool {
			return o.Scope == n.Scope && o.Granted == n.Granted && o.At.Equal(n.At) && o.Evidence == n.Evidence
		}
		if wouldGo(before, n) || slices.ContainsFunc(c.Consents, known) {
			continue
		}
		c.Consents = append(c.Consents, n)
		reason := "revoked " + n.Scope
		if n.Granted {
			reason = "granted " + n.Scope
		}
		events = append(events, touch.Event{Kind: touch.EventConsent, At: n.At, Reason: reason})
	}
	slices.SortStableFunc(c.Consents, func(a, b touch.Consent) int { return a.At.Compare(b.At) })
	c.Consents = keepLatest(c.Consents)
	return events
}

// addOutcomes adds the outcomes that are new, in the order of their time, and
// returns them.
func (f *customerFacts) addOutcomes(c *touch.Customer) (added []touch.Outcome) {
	before := c.Outcomes
	for _, n := range f.outcomes {
		known := func(o touch.Outcome) bool { return o.Touch == n.Touch && o.Kind == n.Kind && o.At.Equal(n.At) }
		tooOld := len(before) >= maxFacts && n.At.Before(before[0].At)
		if tooOld || slices.ContainsFunc(c.Outcomes, known) {
			continue
		}
		if f.logged && n.Address == "" {
			// The touch named no address, so it went to the customer's own.
			n.Address = c.AddressOn(n.Channel)
		}
		c.Outcomes = append(c.Outcomes, n)
		added = append(added, n)
	}
	slices.SortStableFunc(c.Outcomes, func(a, b touch.Outcome) int { return a.At.Compare(b.At) })
	c.Outcomes = keepNewest(c.Outcomes)
	return added
}

// revokeBy adds what an opt-out revokes: the consent to its category on its
// channel. One that names no channel revokes the category on all channels, and
// one that names no category revokes every category. Other outcomes revoke
// nothing.
func (f *customerFacts) revokeBy(o *touch.Outcome, evidence string) {
	if o.Kind != touch.OutcomeOptOut {
		return
	}
	categories := touch.Categories()
	if o.Category != "" {
		categories = []touch.Category{o.Category}
	}
	for _, category := range categories {
		scope := string(category)
		if o.Channel != "" {
			scope += ":" + string(o.Channel)
		}
		f.consents = append(f.consents, touch.Consent{Scope: scope, At: o.At, Evidence: evidence})
	}
}
