package sqlstore

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// Purge implements ledger.Retention.
func (s retentionStore) Purge(ctx context.Context, before time.Time, after int64, limit int, now time.Time) (n int, next int64, err error) {
	err = s.update(ctx, func(t *tx) (err error) {
		f := purgeTx{t: t, before: before, limit: clampLimit(limit, 100, touch.MaxBatch), past: map[touch.ID]int64{}}
		n, next, err = f.run(after, now)
		return err
	})
	return n, next, err
}

// purgeTx is one run of Forget's transaction.
type purgeTx struct {
	t       *tx
	before  time.Time
	limit   int
	past    map[touch.ID]int64 // the touches to remove, and their numbers
	items   map[string]touch.ID
	records map[int64]bool // of the journal, that tell of them
}

func (f *purgeTx) run(after int64, now time.Time) (n int, next int64, err error) {
	if next, err = f.find(after); err != nil {
		return 0, 0, err
	}
	if err := f.spareOpenTasks(); err != nil || len(f.past) == 0 {
		return 0, next, err
	}
	if err := f.remove(); err != nil {
		return 0, 0, err
	}
	_, err = f.t.log([]touch.Event{{Kind: touch.EventControl, At: now, Actor: "retention", Reason: fmt.Sprintf(
		"%d touches accepted before %s are removed", len(f.past), f.before.UTC().Format(time.RFC3339))}})
	return len(f.past), next, err
}

// find looks through the next touches, and gives the cursor after them.
func (f *purgeTx) find(after int64) (next int64, err error) {
	f.items, f.records = map[string]touch.ID{}, map[int64]bool{}
	seen, young := 0, 0
	err = f.t.each(func(rows sqldb.Rows) error {
		tc, r, err := scanTouchProgress(rows)
		if err != nil {
			return err
		}
		seen, next = seen+1, r.Seq
		switch {
		case !tc.AcceptedAt.Before(f.before):
			young++
		case f.over(r):
			f.past[tc.ID] = r.Seq
			for _, id := range r.records() {
				f.records[id] = true
			}
			for leg := range tc.Plan {
				if !tc.Plan[leg].Channel.NeedsAddress() {
					f.items[touch.DispatchID(tc.ID, leg)] = tc.ID
				}
			}
		}
		return nil
	}, `SELECT `+touchProgressColumns+fromTouchProgress+`
		WHERE t.seq > $1 ORDER BY t.seq LIMIT $2`, after, f.limit)
	if seen < f.limit || young == seen {
		next = 0
	}
	return next, err
}

// over reports whether nothing more is to come of a touch, and nothing counts it.
func (f *purgeTx) over(r *progressRow) bool {
	for _, c := range r.Contacts {
		if !c.At.Before(f.before) {
			return false
		}
	}
	return r.State.Final()
}

// spareOpenTasks keeps touches whose task somebody still has to do.
func (f *purgeTx) spareOpenTasks() error {
	if len(f.items) == 0 {
		return nil
	}
	var open []touch.ID
	err := f.t.each(func(rows sqldb.Rows) error {
		var id string
		err := rows.Scan(&id)
		open = append(open, f.items[id])
		return err
	}, `SELECT id FROM items WHERE `+f.t.in("id", 1, sqldb.String)+` AND state IN ($2, $3)`,
		f.t.array(f.itemIDs()), string(touch.TaskOpen), string(touch.TaskClaimed))
	for _, id := range open {
		delete(f.past, id)
	}
	return err
}

func (f *purgeTx) itemIDs() (ids []string) {
	for id, of := range f.items {
		if _, past := f.past[of]; past {
			ids = append(ids, id)
		}
	}
	return ids
}

func (f *purgeTx) remove() error {
	keys, err := f.vendorKeys()
	if err != nil {
		return err
	}
	seqs := make([]int64, 0, len(f.past))
	for _, seq := range f.past {
		seqs = append(seqs, seq)
	}
	t := f.t
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
	if ids := f.itemIDs(); len(ids) > 0 {
		_, err = t.exec(`DELETE FROM items WHERE `+t.in("id", 1, sqldb.String), t.array(ids))
	}
	return err
}

// vendorKeys finds the vendors' ids in the touches' history: an index to find
// them by touch would cost more on the way out than this costs here.
func (f *purgeTx) vendorKeys() (keys [][]byte, err error) {
	records := make([]int64, 0, len(f.records))
	for id := range f.records {
		records = append(records, id)
	}
	err = f.t.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := rows.Scan(&r.Pos, &r.Count, &r.Body); err != nil {
			return err
		}
		return r.Each(func(e *touch.Event) {
			if _, past := f.past[e.Touch]; past && e.Result != nil && e.Result.VendorID != "" {
				keys = append(keys, vendorKey(e.Result.Provider, e.Result.VendorID))
			}
		})
	}, `SELECT pos, count, body FROM journal WHERE `+f.t.in("id", 1, sqldb.Integer), f.t.array(records))
	return keys, err
}
