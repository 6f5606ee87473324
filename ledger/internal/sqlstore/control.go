package sqlstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Read implements ledger.Controls. All of it is of one control version.
func (s controlStore) Read(ctx context.Context) (*ledger.Control, error) {
	return s.ReadSince(ctx, nil)
}

// ReadSince implements ledger.Controls. When only campaigns have changed, only
// those are read.
func (s controlStore) ReadSince(ctx context.Context, known *ledger.Control) (*ledger.Control, error) {
	var all *ledger.Control
	err := s.readTx(ctx, func(c *conn) (err error) {
		all, err = c.control(known)
		return err
	})
	return all, err
}

func (c *conn) control(known *ledger.Control) (*ledger.Control, error) {
	all := &ledger.Control{}
	_, err := c.one([]any{&all.Version.Rules, &all.Version.Campaigns, &all.PolicyHash}, `SELECT fence,
		(SELECT n FROM campaign_changes WHERE id = 1), policy FROM control WHERE id = 1`)
	if err != nil {
		return nil, err
	}
	if known != nil && known.Version.Rules == all.Version.Rules {
		all.KillSwitches = known.KillSwitches
		all.Shards = known.Shards
		changes, err := c.campaignStatuses(`WHERE changed > $1 AND changed > 0`, known.Version.Campaigns)
		all.Campaigns = known.Campaigns.With(changes)
		return all, err
	}

	// A process of an earlier build raises only the first number when it pauses a
	// campaign: so all campaigns are read here.
	stopped, err := c.campaignStatuses(`WHERE ` + campaignRunning.isNot())
	if err != nil {
		return nil, err
	}
	all.Campaigns = ledger.NewCampaignStatuses(stopped)
	if all.KillSwitches, err = queryDocs[ledger.KillSwitch](c, `SELECT doc FROM stops ORDER BY id`); err != nil {
		return nil, err
	}
	all.Shards = map[int]int64{}
	err = c.each(func(rows sqldb.Rows) error {
		var shard int
		var epoch int64
		err := rows.Scan(&shard, &epoch)
		all.Shards[shard] = epoch
		return err
	}, `SELECT shard, epoch FROM shards`)
	return all, err
}

// campaignStatuses reads the status of campaigns.
func (c *conn) campaignStatuses(where string, args ...any) (map[ledger.CampaignRef]ledger.CampaignStatus, error) {
	found := map[ledger.CampaignRef]ledger.CampaignStatus{}
	err := c.each(func(rows sqldb.Rows) error {
		var ref ledger.CampaignRef
		var status campaignStatus
		err := rows.Scan(&ref.Caller, &ref.Campaign, &status)
		if err == nil {
			found[ref] = status.name()
		}
		return err
	}, `SELECT caller, name, status FROM campaigns `+where, args...)
	return found, err
}

// RaiseShardEpochs implements ledger.Controls.
func (s controlStore) RaiseShardEpochs(
	ctx context.Context, shards []int, now time.Time,
) (raised map[int]int64, err error) {
	set := map[int]bool{}
	for _, n := range shards {
		set[n] = true
	}
	e := touch.Event{At: now, Reason: "contact log lost"}
	err = s.updateControl(ctx, e, func(t *tx) error {
		raised = make(map[int]int64, len(set))
		for _, n := range slices.Sorted(maps.Keys(set)) {
			t.ask(func(rows sqldb.Rows) error {
				var epoch int64
				err := rows.Scan(&epoch)
				raised[n] = epoch
				return err
			}, `INSERT INTO shards (shard, epoch) VALUES ($1, 1)
				ON CONFLICT (shard) DO UPDATE SET epoch = shards.epoch + 1 RETURNING epoch`, n)
		}
		return nil
	})
	return raised, err
}
