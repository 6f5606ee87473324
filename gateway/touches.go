package gateway

import (
	"context"
	"slices"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Touches lists the caller's touches; see ledger.TouchFilter.
func (s *Service) Touches(ctx context.Context, f ledger.TouchFilter) (views []ledger.TouchView, next int64, err error) {
	if f.Limit < 0 || f.Limit > 1000 {
		return nil, 0, touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	if f.State != "" && !slices.Contains(touch.States(), f.State) {
		return nil, 0, touch.Errorf(touch.Invalid, "state", "%q is not a state", f.State)
	}
	return s.ledger.Touches.List(ctx, f)
}

// SetCampaign pauses, resumes or cancels a campaign; class Conflict when it is
// cancelled already. Once it returns, nothing of a paused or cancelled
// campaign is sent, except what a vendor is being given at that moment.
func (s *Service) SetCampaign(ctx context.Context, p *access.Principal, campaign string, status ledger.CampaignStatus) error {
	var faults touch.Faults
	validate.Name("campaign", campaign, validate.MaxName, &faults)
	if err := faults.Err(); err != nil {
		return err
	}
	return s.ledger.Campaigns.SetStatus(ctx, p.Caller, campaign, status, p.Key, s.now())
}
