package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Purge implements ledger.Retention.
func (s retentionStore) Purge(
	ctx context.Context, before time.Time, after int64, limit int, now time.Time,
) (n int, next int64, err error) {
	err = s.update(ctx, func(t *tx) (err error) {
		p := purgeTx{
			t: t, before: before, limit: clampLimit(limit, 100, touch.MaxBatch),
			touches: map[touch.ID]int64{}, items: map[string]touch.ID{}, records: map[int64]bool{},
		}
		n, next, err = p.run(after, now)
		return err
	})
	return n, next, err
}

// purgeTx is one run of Purge's transaction.
type purgeTx struct {
	t       *tx
	before  time.Time
	limit   int
	touches map[touch.ID]int64  // the touches to delete, and their numbers
	items   map[string]touch.ID // ids that items of these touches can have
	records map[int64]bool      // the journal's records of these touches
}

func (p *purgeTx) run(after int64, now time.Time) (n int, next int64, err error) {
	if next, err = p.find(after); err != nil {
		return 0, 0, err
	}
	if err := p.spareOpenTasks(); err != nil || len(p.touches) == 0 {
		return 0, next, err
	}
	if err := p.remove(); err != nil {
		return 0, 0, err
	}
	reason := fmt.Sprintf("%d touches accepted before %s are removed",
		len(p.touches), p.before.UTC().Format(time.RFC3339))
	_, err = p.t.log([]touch.Event{{Kind: touch.EventControl, At: now, Actor: "retention", Reason: reason}})
	return len(p.touches), next, err
}

// find looks through the next touches, and returns the cursor after them: 0
// when there are no more, or when all of them are too young.
func (p *purgeTx) find(after int64) (next int64, err error) {
	seen, young := 0, 0
	err = p.t.each(func(rows sqldb.Rows) error {
		tc, r, err := scanTouchProgress(rows)
		if err != nil {
			return err
		}
		seen++
		next = r.Seq
		if !tc.AcceptedAt.Before(p.before) {
			young++
		} else if p.isOver(r) {
			p.add(tc, r)
		}
		return nil
	}, `SELECT `+touchProgressColumns+fromTouchProgress+`WHERE t.seq > $1 ORDER BY t.seq LIMIT $2`, after, p.limit)
	if seen < p.limit || young == seen {
		next = 0
	}
	return next, err
}

// isOver reports whether nothing more will happen to a touch, and no cap
// counts its contacts any more.
func (p *purgeTx) isOver(r *progressRow) bool {
	for _, c := range r.Contacts {
		if !c.At.Before(p.before) {
			return false
		}
	}
	return r.State.Final()
}

func (p *purgeTx) add(tc *touch.Touch, r *progressRow) {
	p.touches[tc.ID] = r.Seq
	for _, id := range r.records() {
		p.records[id] = true
	}
	for leg := range tc.Plan {
		if !tc.Plan[leg].Channel.NeedsAddress() { // one of our own channels: it can have left an item
			p.items[touch.DispatchID(tc.ID, leg)] = tc.ID
		}
	}
}

// spareOpenTasks keeps touches whose task somebody still has to do.
func (p *purgeTx) spareOpenTasks() error {
	if len(p.items) == 0 {
		return nil
	}
	var open []touch.ID
	err := p.t.each(func(rows sqldb.Rows) error {
		var id string
		err := rows.Scan(&id)
		open = append(open, p.items[id])
		return err
	}, `SELECT id FROM items WHERE `+p.t.in("id", 1, sqldb.String)+` AND state IN ($2, $3)`,
		p.t.array(p.itemIDs()), string(touch.TaskOpen), string(touch.TaskClaimed))
	for _, id := range open {
		delete(p.touches, id)
	}
	return err
}

// itemIDs are the ids of items whose touch is to be deleted.
func (p *purgeTx) itemIDs() (ids []string) {
	for id, of := range p.items {
		if _, ok := p.touches[of]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// remove deletes the touches and all that belongs to them.
func (p *purgeTx) remove() error {
	t := p.t
	keys, err := p.vendorKeys()
	if err != nil {
		return err
	}
	seqs := slices.Collect(maps.Values(p.touches))
	for _, table := range []string{"touches", "progress", "dead"} {
		if _, err := t.exec(`DELETE FROM `+table+` WHERE `+t.in("seq", 1, sqldb.Integer), t.array(seqs)); err != nil {
			return err
		}
	}
	if len(keys) > 0 {
		if _, err := t.exec(`DELETE FROM vendors WHERE `+t.in("key", 1, sqldb.Bytes), t.array(keys)); err != nil {
			return err
		}
	}
	if ids := p.itemIDs(); len(ids) > 0 {
		_, err = t.exec(`DELETE FROM items WHERE `+t.in("id", 1, sqldb.String), t.array(ids))
	}
	return err
}

// vendorKeys finds the vendors' ids of the touches in their history. An index
// of the ids by touch would make this fast, but it would cost each message that
// is sent more than this costs once.
func (p *purgeTx) vendorKeys() (keys [][]byte, err error) {
	records := slices.Collect(maps.Keys(p.records))
	err = p.t.eachEvent(records, func(e *touch.Event) {
		if _, ok := p.touches[e.Touch]; ok && e.Result != nil && e.Result.VendorID != "" {
			keys = append(keys, vendorKey(e.Result.Provider, e.Result.VendorID))
		}
	})
	return keys, err
}
