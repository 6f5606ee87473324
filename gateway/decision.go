package gateway

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/replay"
	"touchgate.dev/touch"
)

// inFlight is how long after a decision a contact may have been made that held
// its place already.
const inFlight = 10 * time.Minute

// Decision gives one recorded verdict of the caller's touch with everything
// that it can be judged again from: that of the event with the number, 0 being
// the latest that has one. Class NotFound: there is none.
func (s *Service) Decision(ctx context.Context, caller string, id touch.ID, event int64) (*replay.RecordedDecision, error) {
	view, err := s.ledger.Touches.Get(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	at := -1
	for i, e := range view.Events {
		if e.Verdict != nil && (event == 0 || e.Seq == event) {
			at = i
		}
	}
	if at < 0 {
		return nil, touch.Errorf(touch.NotFound, "event", "the touch has no such verdict")
	}
	e := &view.Events[at]
	t := &view.Touch
	leg := slices.IndexFunc(t.Plan, func(l touch.Leg) bool { return l.Channel == e.Verdict.Channel })
	if e.Leg < len(t.Plan) && t.Plan[e.Leg].Channel == e.Verdict.Channel {
		leg = e.Leg
	}
	if leg < 0 {
		return nil, touch.Errorf(touch.NotFound, "event", "the verdict is about no leg of the plan")
	}
	d := &draft{touch: *t}
	if err := s.loadRecipients(ctx, []*draft{d}, e.Verdict.At); err != nil {
		return nil, err
	}
	duties, err := s.pinnedDuties(ctx, t, leg)
	if err != nil {
		return nil, err
	}
	out := &replay.RecordedDecision{Touch: id, Verdict: *e.Verdict, Policies: map[string]string{}, Case: replay.Case{
		At: e.Verdict.At, Caller: t.Caller, Touch: t.Request, Leg: leg, Customer: d.recipients[leg].Customer, Listings: d.recipients[leg].Listings, Duties: duties,
	}}
	if customer := d.recipients[leg].Customer; customer != nil {
		out.CustomerVersion = customer.Version
	}
	keep := time.Duration(0)
	if e.Verdict.Policy != "" {
		set, err := s.ledger.PolicySets.Get(ctx, e.Verdict.Policy)
		if err != nil {
			return nil, err
		}
		for name, data := range set.Documents {
			out.Policies[name] = string(data)
		}
		if compiled, err := s.compile(out.Policies); err == nil {
			keep = compiled.Keep()
		}
	}
	return out, s.addContacts(ctx, out, e.At, keep)
}

// addContacts tells the contacts made before the verdict from those that may
// have been in flight. The verdict may be about a later instant than it was
// given at.
func (s *Service) addContacts(ctx context.Context, d *replay.RecordedDecision, given time.Time, keep time.Duration) error {
	past, err := s.ledger.Contacts.Since(ctx, []string{d.Case.Touch.Customer}, d.Case.At.Add(-keep))
	if err != nil {
		return err
	}
	contacts := past[d.Case.Touch.Customer]
	slices.SortFunc(contacts, func(a, b ledger.PastContact) int { return a.At.Compare(b.At) })
	own := touch.DispatchID(d.Touch, d.Case.Leg)
	for _, c := range contacts {
		if c.Address == "" { // it went to the customer's own
			c.Address = d.Case.Customer.AddressOn(c.Channel)
		}
		k := replay.Contact{ID: touch.DispatchID(c.Touch, c.Leg), At: c.At, Channel: c.Channel, Category: c.Category, Subject: c.Subject,
			Campaign: c.Campaign, Caller: c.Caller, Address: c.Address, Template: c.Template, Kind: c.Kind}
		switch {
		case k.ID == own:
		case !c.At.After(given):
			d.Case.Contacts = append(d.Case.Contacts, k)
		case c.At.Before(given.Add(inFlight)):
			d.InFlight = append(d.InFlight, k)
		}
	}
	return nil
}
