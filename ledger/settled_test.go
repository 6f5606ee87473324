package ledger_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/ledger"
)

var errRefused = errors.New("refused")

// quickCampaigns and the like answer at once, with err.
type (
	quickCampaigns struct {
		ledger.Campaigns
		err error
	}
	quickControls struct {
		ledger.Controls
		err error
	}
	quickPolicies struct {
		ledger.PolicyChanges
		err error
	}
)

func (q quickCampaigns) SetStatus(context.Context, string, string, ledger.CampaignStatus, string, time.Time) error {
	return q.err
}

func (q quickControls) PutKillSwitch(context.Context, ledger.KillSwitch, string, time.Time) error {
	return q.err
}

func (q quickControls) EndKillSwitch(context.Context, string, string, time.Time) error { return q.err }

func (q quickPolicies) Activate(context.Context, ledger.Proposal, time.Time) error { return q.err }

// TestAnswerSettled: what stops something is answered when every confirmation
// that does not know of it has run out; what lets go, and what failed, at once.
func TestAnswerSettled(t *testing.T) {
	for name, c := range map[string]struct {
		call  func(context.Context, *ledger.Ledger) error
		err   error
		waits bool
	}{
		"pause":  {setStatus(ledger.CampaignPaused), nil, true},
		"cancel": {setStatus(ledger.CampaignCancelled), nil, true},
		"resume": {setStatus(ledger.CampaignRunning), nil, false},
		"stop": {func(ctx context.Context, l *ledger.Ledger) error {
			return l.Controls.PutKillSwitch(ctx, ledger.KillSwitch{}, "", time.Time{})
		}, nil, true},
		"end of a stop": {func(ctx context.Context, l *ledger.Ledger) error {
			return l.Controls.EndKillSwitch(ctx, "s", "", time.Time{})
		}, nil, false},
		"policy": {func(ctx context.Context, l *ledger.Ledger) error {
			return l.PolicyChanges.Activate(ctx, ledger.Proposal{}, time.Time{})
		}, nil, true},
		"refused": {setStatus(ledger.CampaignPaused), errRefused, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := ledger.AnswerSettled(&ledger.Ledger{
					Campaigns: quickCampaigns{err: c.err}, Controls: quickControls{err: c.err}, PolicyChanges: quickPolicies{err: c.err},
				})
				begin := time.Now()
				err := c.call(t.Context(), l)
				if waited := time.Since(begin); !errors.Is(err, c.err) || (waited > ledger.ConfirmWithin) != c.waits || (!c.waits && waited > 0) {
					t.Errorf("answered after %v: %v", waited, err)
				}
				gone, cancel := context.WithCancel(t.Context())
				cancel()
				if err := c.call(gone, l); c.waits && err == nil {
					t.Error("answered without waiting to somebody who has gone")
				}
			})
		})
	}
}

func setStatus(s ledger.CampaignStatus) func(context.Context, *ledger.Ledger) error {
	return func(ctx context.Context, l *ledger.Ledger) error {
		return l.Campaigns.SetStatus(ctx, "c", "n", s, "a", time.Time{})
	}
}
