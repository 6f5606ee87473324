package gateway

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Forecast is what Check answers for one touch.
type Forecast struct {
	Key string
	// Decision is that of the first leg that is not refused, else refuse.
	Decision touch.Decision
	Due      time.Time // unless refused: when it could go
	Leg      int       // the leg that would go first; -1: none
	Verdicts []touch.Verdict
	Err      error // *touch.Error or touch.Faults
}

// Check answers what Submit would, for every leg, and stores nothing. A touch
// needs no key here.
func (s *Service) Check(ctx context.Context, caller string, reqs []touch.Request) ([]Forecast, error) {
	if len(reqs) > touch.MaxBatch {
		return nil, touch.Errorf(touch.TooLarge, "touches", "a batch has at most %d touches", touch.MaxBatch)
	}
	now := s.now()
	answers := make([]Forecast, len(reqs))
	drafts := make([]*draft, 0, len(reqs))
	var judged []*draft
	for i := range reqs {
		answers[i] = Forecast{Key: reqs[i].Key, Leg: -1}
		r := reqs[i]
		if r.Key == "" {
			r.Key = "check"
		}
		d, err := s.draft(ctx, caller, &r, now)
		if err != nil && touch.ClassOf(err) != touch.Invalid {
			return nil, err
		}
		if err != nil {
			answers[i].Err = err
			continue
		}
		d.index = i
		drafts = append(drafts, d)
		if !s.refuseUnjudged(d, now) {
			judged = append(judged, d)
		}
	}
	if err := s.judge(ctx, judged, now, true); err != nil {
		return nil, err
	}
	for _, d := range drafts {
		a := &answers[d.index]
		a.Decision, a.Leg, a.Verdicts = touch.DecisionRefuse, d.leg, d.verdicts
		if d.leg >= 0 {
			a.Decision, a.Due = d.verdicts[d.leg].Decision, d.due(now)
		}
	}
	return answers, nil
}

// Touch gives one of the caller's touches with its whole history; class NotFound.
func (s *Service) Touch(ctx context.Context, caller string, id touch.ID) (*ledger.TouchView, error) {
	return s.ledger.Touches.Get(ctx, caller, id)
}

// Touches lists the caller's touches; see ledger.TouchFilter.
func (s *Service) Touches(ctx context.Context, f ledger.TouchFilter) ([]ledger.TouchView, int64, error) {
	if f.Limit < 0 || f.Limit > 1000 {
		return nil, 0, touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	if f.State != "" && !knownState(f.State) {
		return nil, 0, touch.Errorf(touch.Invalid, "state", "%q is not a state", f.State)
	}
	return s.ledger.Touches.List(ctx, f)
}

func knownState(state touch.State) bool {
	for _, s := range touch.States() {
		if s == state {
			return true
		}
	}
	return false
}

// Cancel takes a touch back. Class Conflict: it is sent, being sent or over;
// NotFound.
func (s *Service) Cancel(ctx context.Context, p *Principal, id touch.ID) (ledger.Progress, error) {
	return s.ledger.Touches.Cancel(ctx, p.Caller, id, p.Key, s.now())
}

// Campaign counts a campaign's touches; class NotFound.
func (s *Service) Campaign(ctx context.Context, caller, campaign string) (*ledger.CampaignView, error) {
	return s.ledger.Campaigns.Get(ctx, caller, campaign)
}

// SetCampaign pauses, resumes or cancels a campaign; class Conflict when it is
// cancelled already. Nothing is sent after it has answered, except what is
// already at a vendor's door.
func (s *Service) SetCampaign(ctx context.Context, p *Principal, campaign string, status ledger.CampaignStatus) error {
	if campaign == "" || len(campaign) > 128 {
		return touch.Errorf(touch.Invalid, "campaign", "must have 1 to 128 characters")
	}
	return s.ledger.Campaigns.SetStatus(ctx, p.Caller, campaign, status, p.Key, s.now())
}
