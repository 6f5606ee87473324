package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// campaignStatus is a campaign's status as it is stored.
type campaignStatus int64

const (
	campaignRunning campaignStatus = iota
	campaignPaused
	campaignCancelled
)

// statusNames are the statuses as the contract names them.
var statusNames = [...]ledger.CampaignStatus{
	campaignRunning:   ledger.CampaignRunning,
	campaignPaused:    ledger.CampaignPaused,
	campaignCancelled: ledger.CampaignCancelled,
}

func (s campaignStatus) name() ledger.CampaignStatus { return statusNames[s] }

// isNot returns the condition that a campaign's status is another one. The
// status is part of the text, for the sake of partial indexes.
func (s campaignStatus) isNot() string { return "status <> " + strconv.FormatInt(int64(s), 10) }

func parseCampaignStatus(name ledger.CampaignStatus) (campaignStatus, error) {
	for status, known := range statusNames {
		if known == name {
			return campaignStatus(status), nil
		}
	}
	return 0, touch.Errorf(touch.Invalid, "status", "%q is not a campaign status", name)
}

// setCampaignStatusSQL leaves the groups alone. When the status is no pause,
// sweep asks ResumeParked to resume or to cancel what is parked.
var setCampaignStatusSQL = fmt.Sprintf(`UPDATE campaigns
	SET status = $2, sweep = CASE WHEN $2 = %d THEN sweep ELSE 1 END
	WHERE no = $1 AND status <> $2 AND %s`, campaignPaused, campaignCancelled.isNot())

// SetStatus implements ledger.Campaigns. It only stores the status. Feed
// parks the groups of a paused campaign as it meets them; ResumeParked resumes or
// ends them.
func (s campaignStore) SetStatus(
	ctx context.Context, caller, campaign string, to ledger.CampaignStatus, actor string, now time.Time,
) error {
	status, err := parseCampaignStatus(to)
	if err != nil {
		return err
	}
	ref := ledger.CampaignRef{Caller: caller, Campaign: campaign}
	numbers := map[ledger.CampaignRef]int64{ref: 0}
	if err := s.campaignNumbers(ctx, numbers); err != nil {
		return err
	}
	no := numbers[ref]

	// A repeated call is no transaction: nobody who writes waits for it.
	var is campaignStatus
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&is}, `SELECT status FROM campaigns WHERE no = $1`, no)
		return err
	})
	if err != nil || is == status {
		return err
	}

	e := touch.Event{
		Kind: touch.EventControl, At: now, Actor: actor, Caller: caller, Campaign: campaign, Reason: "campaign " + string(to),
	}
	return s.update(ctx, func(t *tx) error { return setCampaignStatus(t, no, status, e) })
}

func setCampaignStatus(t *tx, no int64, status campaignStatus, e touch.Event) error {
	n, err := t.exec(setCampaignStatusSQL, no, int64(status))
	if err != nil {
		return err
	}
	if n == 0 {
		var is campaignStatus
		_, err := t.one([]any{&is}, `SELECT status FROM campaigns WHERE no = $1`, no)
		if err == nil && is != status {
			err = conflict("this campaign is cancelled")
		}
		return err
	}
	change, err := t.nextCampaignChange()
	if err != nil {
		return err
	}
	t.send(`UPDATE campaigns SET changed = $2 WHERE no = $1`, no, change)
	_, err = t.log([]touch.Event{e})
	return err
}
