package gateway

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

// maxSimulated bounds the touches of one simulation, which are held in memory.
const maxSimulated = 1_000_000

// SimulationStage is how far a simulation has come.
type SimulationStage struct {
	Stage string `json:"stage"` // reading, judging
	Done  int    `json:"done"`
	Total int    `json:"total,omitempty"` // 0: not known
}

// Simulate says what documents would have done to the touches of all callers
// that were accepted within the span before now. Facts are those of now as far
// as they carry no dates: profiles, and lists without the entries that ended;
// consents and outcomes are read as of then. progress may be nil.
func (s *Service) Simulate(ctx context.Context, documents map[string]string, span time.Duration, progress func(SimulationStage)) (*simulate.Report, error) {
	if span <= 0 || span > 800*24*time.Hour {
		return nil, touch.Errorf(touch.Invalid, "since", "must be a span up to 800d")
	}
	set, err := s.compile(documents)
	if err != nil {
		return nil, documentFaults(err)
	}
	if progress == nil {
		progress = func(SimulationStage) {}
	}
	from := s.now().Add(-span)
	legs, err := s.recorded(ctx, from.Add(-set.Keep()), from, func(done int) { progress(SimulationStage{Stage: "reading", Done: done}) })
	if err != nil {
		return nil, err
	}
	return simulate.Run(ctx, set, legs, func(done int) { progress(SimulationStage{"judging", done, len(legs)}) })
}

// recorded reads the legs of touches accepted since an instant; those sent
// before from only count as contacts.
func (s *Service) recorded(ctx context.Context, since, from time.Time, progress func(done int)) ([]simulate.Recorded, error) {
	after, err := s.seqBefore(ctx, since)
	if err != nil {
		return nil, err
	}
	var legs []simulate.Recorded
	for done := 0; ; {
		views, next, err := s.ledger.Touches.List(ctx, ledger.TouchFilter{After: after, Limit: touch.MaxBatch})
		if err != nil {
			return nil, err
		}
		page, err := s.legsOf(ctx, views, since, from)
		if err != nil {
			return nil, err
		}
		legs, done = append(legs, page...), done+len(views)
		progress(done)
		if next == 0 {
			break
		}
		if after = next; done >= maxSimulated {
			return nil, touch.Errorf(touch.TooLarge, "since", "there are more than %d touches in this span: simulate a shorter one", maxSimulated)
		}
	}
	when := func(r *simulate.Recorded) time.Time {
		if r.Before {
			return r.Sent
		}
		return r.Question.Now
	}
	slices.SortStableFunc(legs, func(a, b simulate.Recorded) int { return when(&a).Compare(when(&b)) })
	return legs, nil
}

// seqBefore finds a cursor after which all touches accepted since the instant
// come, by halving: numbers rise with time but for the moment in which
// concurrent callers get theirs.
func (s *Service) seqBefore(ctx context.Context, since time.Time) (int64, error) {
	since = since.Add(-time.Minute)
	late := func(after int64) (bool, error) {
		views, _, err := s.ledger.Touches.List(ctx, ledger.TouchFilter{After: after, Limit: 1})
		return err == nil && (len(views) == 0 || !views[0].Touch.AcceptedAt.Before(since)), err
	}
	low, high := int64(0), int64(1)
	for {
		ok, err := late(high)
		if err != nil {
			return 0, err
		}
		if ok {
			break
		}
		low, high = high, 2*high
	}
	for low < high {
		middle := low + (high-low)/2
		ok, err := late(middle)
		if err != nil {
			return 0, err
		}
		if ok {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}

// legsOf makes questions of touches: of each leg that was sent, and of the one
// that a rule refused.
func (s *Service) legsOf(ctx context.Context, views []ledger.TouchView, since, from time.Time) ([]simulate.Recorded, error) {
	drafts := make([]*draft, 0, len(views))
	var kept []*ledger.TouchView
	for i := range views {
		v := &views[i]
		if v.Touch.AcceptedAt.Before(since) || (len(v.Progress.Contacts) == 0 && !v.Progress.RefusedByRule()) {
			continue
		}
		drafts, kept = append(drafts, &draft{touch: v.Touch}), append(kept, v)
	}
	if len(drafts) == 0 {
		return nil, nil
	}
	if err := s.loadRecipients(ctx, drafts, s.now()); err != nil {
		return nil, err
	}
	var legs []simulate.Recorded
	for i, d := range drafts {
		t := &d.touch
		for leg := range t.Plan { // what was said is not judged
			t.Plan[leg].Params, t.Plan[leg].Content = nil, nil
		}
		asked := d.earliest(t.AcceptedAt)
		ask := func(leg int, at time.Time) (simulate.Recorded, error) {
			duties, err := s.pinnedDuties(ctx, t, leg)
			return simulate.Recorded{Question: policies.Question{Touch: t, Leg: leg, Customer: d.recipients[leg].Customer, Listings: d.recipients[leg].Listings,
				Address: d.recipients[leg].Address, TemplateDuties: duties, Now: at}}, err
		}
		p := &kept[i].Progress
		if len(p.Contacts) == 0 {
			r, err := ask(p.Leg, asked)
			if err != nil {
				return nil, err
			}
			if r.Refused = p.Reason; !asked.Before(from) {
				legs = append(legs, r)
			}
			continue
		}
		for k, c := range p.Contacts {
			if k > 0 { // a later leg could go when the one before had failed
				asked = c.At
			}
			r, err := ask(c.Leg, asked)
			if err != nil {
				return nil, err
			}
			r.Sent, r.Kind, r.Before = c.At, contactlog.KindOf(c.Kind), c.At.Before(from)
			legs = append(legs, r)
		}
	}
	return legs, nil
}

// pinnedDuties are those of the template that intake pinned.
func (s *Service) pinnedDuties(ctx context.Context, t *touch.Touch, leg int) ([]string, error) {
	if t.Plan[leg].Template == "" {
		return nil, nil
	}
	version := 0
	if leg < len(t.Pins) {
		version = t.Pins[leg]
	}
	tpl, err := s.templates.Version(ctx, t.Plan[leg].Template, version)
	if touch.ClassOf(err) == touch.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return tpl.Duties, nil
}
