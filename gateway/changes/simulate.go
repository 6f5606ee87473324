package changes

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

const (
	// maxSimulated bounds the touches of one simulation, which are held in
	// memory.
	maxSimulated = 1_000_000
	maxSpan      = 800 * 24 * time.Hour
	// simulatedPage is how many touches are read at once: a step of bulk work
	// after which urgent touches go first.
	simulatedPage = 200
)

// SimulationStage is how far a simulation has come.
type SimulationStage struct {
	Stage string `json:"stage"` // reading, judging
	Done  int    `json:"done"`
	Total int    `json:"total,omitempty"` // 0: not known
}

// Simulate says what documents would have done to the touches of all callers
// that were accepted within the span (up to 800 days) before now. Facts
// without dates are those of now: profiles, and lists without the entries that
// have ended. Consents and outcomes are read as of then. progress may be nil.
//
// One simulation runs at a time, on all nodes together: it reads as much as a
// campaign, and is in less of a hurry. Class TooMany while another one runs.
func (s *Service) Simulate(
	ctx context.Context, documents map[string]string, span time.Duration, progress func(SimulationStage),
) (*simulate.Report, error) {
	if span <= 0 || span > maxSpan {
		return nil, touch.Errorf(touch.Invalid, "since", "must be a span up to 800d")
	}
	if progress == nil {
		progress = func(SimulationStage) {}
	}
	ctx, done, err := s.simulateAlone(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	set, err := s.compileNew(documents)
	if err != nil {
		return nil, documentFaults(err)
	}

	// Contacts before the span fill the caps that it begins with, so reading
	// begins earlier by the longest window of a cap.
	now := s.now()
	from := now.Add(-span)
	pace := newPace(s.gate)
	traffic := recordedTraffic{records: &s.records, pace: pace, now: now, since: from.Add(-set.Keep()), from: from}
	legs, err := traffic.read(ctx, func(done int) {
		progress(SimulationStage{Stage: "reading", Done: done})
	})
	if err != nil {
		return nil, err
	}
	return simulate.Run(ctx, set, legs, func(done int) {
		pace.wait(ctx)
		progress(SimulationStage{Stage: "judging", Done: done, Total: len(legs)})
	})
}

// recordedTraffic reads the legs of recorded touches, as simulate judges them.
type recordedTraffic struct {
	*records
	pace  *pace
	now   time.Time // lists are read as of this instant
	since time.Time // touches accepted earlier are not read
	from  time.Time // legs sent earlier only count as contacts
}

// read returns all legs, ordered by the instant at which they are judged or
// counted.
func (r *recordedTraffic) read(ctx context.Context, progress func(done int)) ([]simulate.Recorded, error) {
	after, err := r.cursorBefore(ctx, r.since)
	if err != nil {
		return nil, err
	}
	var legs []simulate.Recorded
	for done := 0; ; {
		r.pace.wait(ctx)
		views, next, err := r.touches.List(ctx, ledger.TouchFilter{After: after, Limit: simulatedPage})
		if err != nil {
			return nil, err
		}
		page, err := r.page(ctx, views)
		if err != nil {
			return nil, err
		}
		legs = append(legs, page...)
		done += len(views)
		progress(done)
		if next == 0 {
			break
		}
		if done >= maxSimulated {
			return nil, touch.Errorf(touch.TooLarge, "since", "there are more than %d touches in this span: simulate a shorter one", maxSimulated)
		}
		after = next
	}

	instant := func(leg *simulate.Recorded) time.Time {
		if leg.Before {
			return leg.Sent
		}
		return leg.Question.Now
	}
	slices.SortStableFunc(legs, func(a, b simulate.Recorded) int { return instant(&a).Compare(instant(&b)) })
	return legs, nil
}

// page returns the legs of one page of touches: each leg that was sent, or the
// one that a rule refused.
func (r *recordedTraffic) page(ctx context.Context, views []ledger.TouchView) ([]simulate.Recorded, error) {
	var relevant []*ledger.TouchView
	var touches []*touch.Touch
	for i := range views {
		v := &views[i]
		judged := len(v.Progress.Contacts) > 0 || v.Progress.RefusedByRule()
		if judged && !v.Touch.AcceptedAt.Before(r.since) {
			relevant = append(relevant, v)
			touches = append(touches, &v.Touch)
		}
	}
	if len(relevant) == 0 {
		return nil, nil
	}
	recipients, err := r.recipients(ctx, touches, r.now)
	if err != nil {
		return nil, err
	}

	var legs []simulate.Recorded
	for i, v := range relevant {
		ofTouch, err := r.legs(ctx, v, recipients[i])
		if err != nil {
			return nil, err
		}
		legs = append(legs, ofTouch...)
	}
	return legs, nil
}

// legs returns the legs of one touch that are to be judged.
func (r *recordedTraffic) legs(
	ctx context.Context, v *ledger.TouchView, recipients []lookup.Recipient,
) ([]simulate.Recorded, error) {
	t := &v.Touch
	for leg := range t.Plan { // texts are not judged: a million of them need not be kept
		t.Plan[leg].Params = nil
		t.Plan[leg].Content = nil
	}
	asked := t.AcceptedAt
	if t.NotBefore != nil && t.NotBefore.After(asked) {
		asked = *t.NotBefore
	}

	p := &v.Progress
	if len(p.Contacts) == 0 {
		if asked.Before(r.from) {
			return nil, nil
		}
		refused, err := r.question(ctx, t, p.Leg, &recipients[p.Leg], asked)
		refused.Refused = p.Reason
		return []simulate.Recorded{refused}, err
	}

	var legs []simulate.Recorded
	for i, contact := range p.Contacts {
		if i > 0 { // a later leg could go only when the one before had failed
			asked = contact.At
		}
		sent, err := r.question(ctx, t, contact.Leg, &recipients[contact.Leg], asked)
		if err != nil {
			return nil, err
		}
		sent.Sent = contact.At
		sent.Kind = contactlog.KindOf(contact.Kind)
		sent.Before = contact.At.Before(r.from)
		legs = append(legs, sent)
	}
	return legs, nil
}

// question asks about a leg as of an instant.
func (r *recordedTraffic) question(ctx context.Context, t *touch.Touch, leg int, to *lookup.Recipient, at time.Time) (simulate.Recorded, error) {
	obligations, err := r.obligations(ctx, t, leg)
	return simulate.Recorded{Question: policies.Question{
		Touch:               t,
		Leg:                 leg,
		Customer:            to.Customer,
		Listings:            to.Listings,
		Address:             to.Address,
		TemplateObligations: obligations,
		Now:                 at,
	}}, err
}
