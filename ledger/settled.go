package ledger

import (
	"context"
	"time"

	"touchgate.dev/internal/loop"
)

// settleTime is how long an answer waits after the commit: every process has
// confirmed the controls again by then, or begins no call until it has. What it
// has more than ConfirmWithin is for the way from that check to the vendor.
const settleTime = ConfirmWithin + 50*time.Millisecond

// AnswerSettled returns a ledger whose calls that stop something return only
// when no process begins a call to a vendor any more that they forbid: kill
// switches, campaigns that are paused or cancelled, and policies. That also
// holds where a call changed nothing, since another one may just have changed
// it. What lets something go returns at once.
func AnswerSettled(l *Ledger) *Ledger {
	return l.With(func(l *Ledger) {
		l.Campaigns = settledCampaigns{l.Campaigns}
		l.Controls = settledControls{l.Controls}
		l.PolicyChanges = settledPolicies{l.PolicyChanges}
	})
}

// settle waits unless the call has failed.
func settle(ctx context.Context, err error) error {
	if err == nil && !loop.Sleep(ctx, settleTime) {
		return ctx.Err()
	}
	return err
}

type settledCampaigns struct{ Campaigns }

// SetStatus implements Campaigns.
func (s settledCampaigns) SetStatus(
	ctx context.Context, caller, campaign string, to CampaignStatus, actor string, now time.Time,
) error {
	err := s.Campaigns.SetStatus(ctx, caller, campaign, to, actor, now)
	if to == CampaignRunning {
		return err
	}
	return settle(ctx, err)
}

type settledControls struct{ Controls }

// PutKillSwitch implements Controls.
func (s settledControls) PutKillSwitch(ctx context.Context, k KillSwitch, actor string, now time.Time) error {
	return settle(ctx, s.Controls.PutKillSwitch(ctx, k, actor, now))
}

type settledPolicies struct{ PolicyChanges }

// Activate implements PolicyChanges.
func (s settledPolicies) Activate(ctx context.Context, p Proposal, now time.Time) error {
	return settle(ctx, s.PolicyChanges.Activate(ctx, p, now))
}
