package changes

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/replay"
	"touchgate.dev/touch"
)

// inFlight is how long after a verdict a contact may have been made whose
// reservation the verdict has counted already.
const inFlight = 10 * time.Minute

// Decision returns one recorded verdict on the caller's touch with everything
// that it can be judged again from: that of the event with the number, 0 being
// the latest event with a verdict. Class NotFound: there is none.
func (s *Service) Decision(ctx context.Context, caller string, id touch.ID, event int64) (*replay.RecordedDecision, error) {
	view, err := s.records.touches.Get(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	e := verdictEvent(view.Events, event)
	if e == nil {
		return nil, touch.Errorf(touch.NotFound, "event", "the touch has no such verdict")
	}
	t := &view.Touch
	leg := judgedLeg(t, e)
	if leg < 0 {
		return nil, touch.Errorf(touch.NotFound, "event", "the verdict is about no leg of the plan")
	}
	recipients, err := s.records.recipients(ctx, []*touch.Touch{t}, e.Verdict.At)
	if err != nil {
		return nil, err
	}
	obligations, err := s.records.obligations(ctx, t, leg)
	if err != nil {
		return nil, err
	}

	to := &recipients[0][leg]
	d := &replay.RecordedDecision{
		Touch:    id,
		Verdict:  *e.Verdict,
		Policies: map[string]string{},
		Case: replay.Case{
			At:          e.Verdict.At,
			Caller:      t.Caller,
			Touch:       t.Request,
			Leg:         leg,
			Customer:    to.Customer,
			Listings:    to.Listings,
			Obligations: obligations,
		},
	}
	if to.Customer != nil {
		d.CustomerVersion = to.Customer.Version
	}
	window, err := s.addPolicies(ctx, d)
	if err != nil {
		return nil, err
	}
	return d, s.records.addContacts(ctx, d, e.At, window)
}

// verdictEvent returns the event with the number if it has a verdict; with
// number 0 it is the latest event that has one. Nil: there is none.
func verdictEvent(events []touch.Event, number int64) *touch.Event {
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		if e.Verdict != nil && (number == 0 || e.Seq == number) {
			return e
		}
	}
	return nil
}

// judgedLeg returns the leg that an event's verdict is about, -1 for none. It
// is the event's own leg, except for a fallback: its verdict refused an
// earlier leg, which is found by its channel.
func judgedLeg(t *touch.Touch, e *touch.Event) int {
	if e.Leg < len(t.Plan) && t.Plan[e.Leg].Channel == e.Verdict.Channel {
		return e.Leg
	}
	return slices.IndexFunc(t.Plan, func(l touch.Leg) bool { return l.Channel == e.Verdict.Channel })
}

// addPolicies adds the documents that the verdict was given by. It returns how
// long their caps look back; 0 when there are none or they compile no more.
func (s *Service) addPolicies(ctx context.Context, d *replay.RecordedDecision) (window time.Duration, err error) {
	if d.Verdict.Policy == "" {
		return 0, nil
	}
	set, err := s.sets.Get(ctx, d.Verdict.Policy)
	if err != nil {
		return 0, err
	}
	for name, data := range set.Documents {
		d.Policies[name] = string(data)
	}
	// The documents are shown even when this build compiles them no more.
	if compiled, err := s.compileInForce(d.Policies); err == nil {
		window = compiled.Keep()
	}
	return window, nil
}

// addContacts adds the customer's contacts: those made before the verdict was
// given, and apart from them those soon after it, which may have been in
// flight. (The verdict may be about a later instant than that.)
func (r *records) addContacts(ctx context.Context, d *replay.RecordedDecision, given time.Time, window time.Duration) error {
	customer := d.Case.Touch.Customer
	past, err := r.contacts.Since(ctx, []string{customer}, d.Case.At.Add(-window))
	if err != nil {
		return err
	}
	contacts := past[customer]
	slices.SortFunc(contacts, func(a, b ledger.PastContact) int { return a.At.Compare(b.At) })
	judged := touch.DispatchID(d.Touch, d.Case.Leg)
	for _, c := range contacts {
		contact := caseContact(c, d.Case.Customer)
		switch {
		case contact.ID == judged:
		case !c.At.After(given):
			d.Case.Contacts = append(d.Case.Contacts, contact)
		case c.At.Before(given.Add(inFlight)):
			d.InFlight = append(d.InFlight, contact)
		}
	}
	return nil
}

func caseContact(c ledger.PastContact, customer *touch.Customer) replay.Contact {
	address := c.Address
	if address == "" { // it went to the address of the customer's profile
		address = customer.AddressOn(c.Channel)
	}
	return replay.Contact{
		ID:       touch.DispatchID(c.Touch, c.Leg),
		At:       c.At,
		Channel:  c.Channel,
		Category: c.Category,
		Subject:  c.Subject,
		Campaign: c.Campaign,
		Caller:   c.Caller,
		Address:  address,
		Template: c.Template,
		Kind:     c.Kind,
	}
}
