package gateway

import (
	"context"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

const (
	// maxAhead is how many campaigns without a touch a caller may have stopped.
	maxAhead = 1000
	// maxCompared is how many of the caller's campaigns an unknown name is
	// compared with: the newest ones.
	maxCompared = 1000
)

// Campaign returns a campaign's status and counts. Class NotFound names the
// nearest campaign of the caller.
func (s *Service) Campaign(ctx context.Context, caller, campaign string) (*ledger.CampaignView, error) {
	v, err := s.ledger.Campaigns.Get(ctx, caller, campaign)
	if touch.ClassOf(err) == touch.NotFound {
		return nil, s.unknownCampaign(ctx, caller, campaign)
	}
	return v, err
}

// CampaignOrder asks to pause, resume or cancel a campaign.
type CampaignOrder struct {
	Campaign string
	Status   ledger.CampaignStatus
	// Ahead allows a campaign that has no touch yet: one that is paused before
	// its touches are submitted. Without it an unknown name is taken for a slip.
	Ahead bool
}

// SetCampaign pauses, resumes or cancels a campaign of the caller, and returns
// how many touches that binds: those that wait to be sent, and, of a cancelled
// campaign, those that it has cancelled. Class NotFound for an unknown campaign;
// class Conflict when it is cancelled already. Once it returns, nothing of a
// paused or cancelled campaign is sent, except what a vendor is being given at
// that moment (with ledger.AnswerSettled).
func (s *Service) SetCampaign(ctx context.Context, p *access.Principal, o CampaignOrder) (binds int64, err error) {
	var faults touch.Faults
	validate.Name("campaign", o.Campaign, validate.MaxName, &faults)
	if err := faults.Err(); err != nil {
		return 0, err
	}
	if err := s.knowsCampaign(ctx, p.Caller, o); err != nil {
		return 0, err
	}
	if err := s.ledger.Campaigns.SetStatus(ctx, p.Caller, o.Campaign, o.Status, p.Key, s.now()); err != nil {
		return 0, err
	}
	v, err := s.ledger.Campaigns.Get(ctx, p.Caller, o.Campaign)
	if touch.ClassOf(err) == touch.NotFound {
		return 0, nil // it was paused ahead, and is resumed without a touch
	}
	if err != nil {
		return 0, err
	}
	return bound(v), nil
}

// knowsCampaign returns nil if the campaign exists, or need not. Pauses are
// repeated when it is urgent: a campaign that is stopped exists, without a look.
func (s *Service) knowsCampaign(ctx context.Context, caller string, o CampaignOrder) error {
	if s.campaignStatus(&touch.Touch{Caller: caller, Request: touch.Request{Campaign: o.Campaign}}) == ledger.CampaignPaused {
		return nil
	}
	_, err := s.ledger.Campaigns.Get(ctx, caller, o.Campaign)
	if touch.ClassOf(err) == touch.NotFound {
		return s.allowAhead(ctx, caller, o)
	}
	return err
}

// allowAhead returns nil if an unknown campaign may be stopped all the same.
func (s *Service) allowAhead(ctx context.Context, caller string, o CampaignOrder) error {
	if !o.Ahead {
		return s.unknownCampaign(ctx, caller, o.Campaign)
	}
	n, err := s.ledger.Campaigns.CountEmpty(ctx, caller, maxAhead)
	if err == nil && n >= maxAhead {
		err = touch.Errorf(touch.Conflict, "campaign", "%d campaigns without a touch are stopped already", n)
	}
	return err
}

func (s *Service) unknownCampaign(ctx context.Context, caller, campaign string) error {
	names, err := s.ledger.Campaigns.Names(ctx, caller, maxCompared)
	if err != nil {
		return err
	}
	if nearest, ok := strictyaml.Nearest(campaign, names); ok {
		return touch.Errorf(touch.NotFound, "campaign", "%q is no campaign of yours: did you mean %q?", campaign, nearest)
	}
	return touch.Errorf(touch.NotFound, "campaign", "%q is no campaign of yours", campaign)
}

// bound counts the touches that the status of a campaign concerns.
func bound(v *ledger.CampaignView) (n int64) {
	for _, c := range v.Counts {
		byCampaign := c.Reason == touch.ReasonCampaign || c.Reason == touch.ReasonCampaignCancelled
		if c.State == touch.StateDue || (c.State == touch.StateCancelled && byCampaign) {
			n += c.Count
		}
	}
	return n
}
