package sqlstore

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

// Get implements ledger.Campaigns.
func (s campaignStore) Get(ctx context.Context, caller, campaign string) (*ledger.CampaignView, error) {
	view := &ledger.CampaignView{Campaign: campaign, Status: ledger.CampaignRunning}
	err := s.readTx(ctx, func(c *conn) error {
		var no int64
		var status campaignStatus
		ok, err := c.one([]any{&no, &status}, `SELECT no, status FROM campaigns WHERE caller = $1 AND name = $2`,
			caller, campaign)
		if err != nil {
			return err
		}
		if !ok {
			return notFound("this campaign")
		}
		view.Status = status.name()
		view.Counts, err = c.campaignCounts(no)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A campaign gets its number before its first touch is stored. If that
	// transaction failed, the campaign has a row, but nobody has made it.
	if len(view.Counts) == 0 && view.Status == ledger.CampaignRunning {
		return nil, notFound("this campaign")
	}
	return view, nil
}

func (c *conn) campaignCounts(no int64) (counts []ledger.CampaignCount, err error) {
	err = c.each(func(rows sqldb.Rows) error {
		var n ledger.CampaignCount
		err := rows.Scan(&n.State, &n.Reason, &n.Count)
		counts = append(counts, n)
		return err
	}, `SELECT state, reason, n FROM counts WHERE campaign = $1 AND n <> 0 ORDER BY state, reason`, no)
	return counts, err
}

// hasTouches is the condition that a campaign c has any touch.
const hasTouches = `EXISTS (SELECT 1 FROM counts n WHERE n.campaign = c.no)`

// Names implements ledger.Campaigns. A row that nobody has made is no campaign,
// see Get.
func (s campaignStore) Names(ctx context.Context, caller string, limit int) (names []string, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var name string
			err := rows.Scan(&name)
			names = append(names, name)
			return err
		}, `SELECT c.name FROM campaigns c WHERE c.caller = $1 AND c.name <> '' AND
			(`+campaignRunning.isNot()+` OR `+hasTouches+`) ORDER BY c.no DESC LIMIT $2`, caller, clampLimit(limit, 100, 10_000))
	})
	return names, err
}

// CountEmpty implements ledger.Campaigns.
func (s campaignStore) CountEmpty(ctx context.Context, caller string, limit int) (n int, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&n}, `SELECT count(*) FROM (SELECT 1 FROM campaigns c WHERE c.caller = $1 AND
			`+campaignRunning.isNot()+` AND NOT `+hasTouches+` LIMIT $2) AS empty`, caller, clampLimit(limit, 100, 10_000))
		return err
	})
	return n, err
}
