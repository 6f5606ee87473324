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
	var all *ledger.Control
	err := s.readTx(ctx, func(c *conn) (err error) {
		all, err = c.control()
		return err
	})
	return all, err
}

func (c *conn) control() (*ledger.Control, error) {
	all := &ledger.Control{
		Campaigns: map[ledger.CampaignRef]ledger.CampaignStatus{},
		Shards:    map[int]int64{},
	}
	_, err := c.one([]any{&all.Version, &all.PolicyHash}, `SELECT fence, policy FROM control WHERE id = 1`)
	if err != nil {
		return nil, err
	}
	err = c.each(func(rows sqldb.Rows) error {
		var ref ledger.CampaignRef
		var status campaignStatus
		err := rows.Scan(&ref.Caller, &ref.Campaign, &status)
		if err == nil {
			all.Campaigns[ref] = status.name()
		}
		return err
	}, `SELECT caller, name, status FROM campaigns WHERE `+campaignRunning.isNot())
	if err != nil {
		return nil, err
	}
	if all.KillSwitches, err = queryDocs[ledger.KillSwitch](c, `SELECT doc FROM stops ORDER BY id`); err != nil {
		return nil, err
	}
	err = c.each(func(rows sqldb.Rows) error {
		var shard int
		var epoch int64
		err := rows.Scan(&shard, &epoch)
		all.Shards[shard] = epoch
		return err
	}, `SELECT shard, epoch FROM shards`)
	return all, err
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
