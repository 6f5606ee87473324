package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// raiseControlVersion is the first step of every change of what may stop a touch: whoever
// reads the fence, and Intend, waits for the change to be over.
func (t *tx) raiseControlVersion() error {
	_, err := t.exec(`UPDATE control SET fence = fence + 1 WHERE id = 1`)
	return err
}

// updateControl raises the fence, runs fn and logs why.
func (s *core) updateControl(ctx context.Context, e touch.Event, fn func(*tx) error) error {
	e.Kind = touch.EventControl
	return s.update(ctx, func(t *tx) error {
		if err := t.raiseControlVersion(); err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		_, err := t.log([]touch.Event{e})
		return err
	})
}

// Version implements ledger.Controls.
func (s controlStore) Version(ctx context.Context) (version ledger.ControlVersion, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&version}, `SELECT fence FROM control WHERE id = 1`)
		return err
	})
	return version, err
}

// Read implements ledger.Controls.
func (s controlStore) Read(ctx context.Context) (*ledger.Control, error) {
	var all *ledger.Control
	err := s.readTx(ctx, func(c *conn) error {
		all = &ledger.Control{Campaigns: map[ledger.CampaignRef]ledger.CampaignStatus{}, Shards: map[int]int64{}}
		if _, err := c.one([]any{&all.Version, &all.PolicyHash}, `SELECT fence, policy FROM control WHERE id = 1`); err != nil {
			return err
		}
		err := c.each(func(rows sqldb.Rows) error {
			var ref ledger.CampaignRef
			var status int64
			err := rows.Scan(&ref.Caller, &ref.Campaign, &status)
			if err == nil {
				all.Campaigns[ref] = campaignStatus(status)
			}
			return err
		}, `SELECT caller, name, status FROM campaigns WHERE status <> 0`)
		if err != nil {
			return err
		}
		if all.KillSwitches, err = readDocs[ledger.KillSwitch](c, `SELECT doc FROM stops ORDER BY id`); err != nil {
			return err
		}
		return c.each(func(rows sqldb.Rows) error {
			var shard int
			var epoch int64
			err := rows.Scan(&shard, &epoch)
			all.Shards[shard] = epoch
			return err
		}, `SELECT shard, epoch FROM shards`)
	})
	return all, err
}

// readDocs reads a column of documents.
func readDocs[T any](c *conn, query string, args ...any) ([]T, error) {
	var all []T
	err := c.each(func(rows sqldb.Rows) error {
		var doc []byte
		if err := rows.Scan(&doc); err != nil {
			return err
		}
		var v T
		if err := unmarshal(doc, &v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, query, args...)
	return all, err
}

// PutKillSwitch implements ledger.Controls.
func (s controlStore) PutKillSwitch(ctx context.Context, stop ledger.KillSwitch, actor string, now time.Time) error {
	doc, err := marshal(stop)
	if err != nil {
		return s.classify(err)
	}
	e := touch.Event{At: now, Actor: actor, Reason: fmt.Sprintf("stop %s by %s: %s", stop.ID, stop.Owner, stop.Reason), Channel: stop.Channel}
	return s.updateControl(ctx, e, func(t *tx) error {
		_, err := t.exec(`INSERT INTO stops (id, doc) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`, stop.ID, doc)
		return err
	})
}

// EndKillSwitch implements ledger.Controls.
func (s controlStore) EndKillSwitch(ctx context.Context, id, actor string, now time.Time) error {
	e := touch.Event{At: now, Actor: actor, Reason: "end of stop " + id}
	return s.updateControl(ctx, e, func(t *tx) error {
		n, err := t.exec(`DELETE FROM stops WHERE id = $1`, id)
		if err == nil && n == 0 {
			return notFound("this stop")
		}
		return err
	})
}

// Activate implements ledger.PolicySets.
func (s policySetStore) Activate(ctx context.Context, p ledger.PolicySet, actor string, now time.Time) error {
	if p.Hash == "" {
		return touch.Errorf(touch.Invalid, "hash", "a policy set has no hash")
	}
	doc, err := marshal(p)
	if err != nil {
		return s.classify(err)
	}
	e := touch.Event{At: now, Actor: actor, Reason: "policy " + p.Hash}
	return s.updateControl(ctx, e, func(t *tx) error {
		_, err := t.exec(`INSERT INTO policies (hash, doc) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, p.Hash, doc)
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE control SET policy = $1 WHERE id = 1`, p.Hash)
		return err
	})
}

// Get implements ledger.PolicySets.
func (s policySetStore) Get(ctx context.Context, hash string) (*ledger.PolicySet, error) {
	var sets []ledger.PolicySet
	err := s.query(ctx, func(c *conn) (err error) {
		sets, err = readDocs[ledger.PolicySet](c, `SELECT doc FROM policies
			WHERE hash = CASE WHEN $1 = '' THEN (SELECT policy FROM control WHERE id = 1) ELSE $1 END`, hash)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, notFound("this policy set")
	}
	return &sets[0], nil
}

// RaiseShardEpochs implements ledger.Controls.
func (s controlStore) RaiseShardEpochs(ctx context.Context, shards []int, now time.Time) (raised map[int]int64, err error) {
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
