package sqlstore

import (
	"bytes"
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// JournalCut implements ledger.Journal.
func (s journalStore) JournalCut(ctx context.Context) (pos int64, hash []byte, err error) {
	err = s.query(ctx, func(c *conn) error {
		pos, hash, err = c.cut()
		return err
	})
	return pos, hash, err
}

func (c *conn) cut() (pos int64, hash []byte, err error) {
	_, err = c.one([]any{&pos, &hash}, `SELECT pos, hash FROM cut WHERE id = 1`)
	return pos, hash, err
}

// CutJournal implements ledger.Retention.
func (s retentionStore) CutJournal(ctx context.Context, before time.Time, limit int, now time.Time) (n int, err error) {
	limit = clampLimit(limit, 100, touch.MaxBatch)
	err = s.update(ctx, func(t *tx) (err error) {
		n, err = t.cutJournal(micros(before), limit, now)
		return err
	})
	return n, err
}

func (t *tx) cutJournal(before int64, limit int, now time.Time) (n int, err error) {
	from, hash, err := t.cut()
	if err != nil {
		return 0, err
	}
	pos, whole, old := from, true, true
	err = t.each(func(rows sqldb.Rows) error {
		var r ledger.JournalRecord
		if err := rows.Scan(&r.Pos, &r.ID, &r.At, &r.Count, &r.Body, &r.Hash); err != nil {
			return err
		}
		// Only an unbroken run of old records goes, however the times lie after it.
		if old = old && r.At < before; !old || !whole {
			return nil
		}
		next := ledger.ChainHash(hash, r.Sum())
		if whole = r.Pos == pos+1 && bytes.Equal(next, r.Hash); whole {
			pos, hash = r.Pos, next
			n++
		}
		return nil
	}, `SELECT pos, id, at, count, body, hash FROM journal ORDER BY pos LIMIT $1`, limit)
	switch {
	case err != nil:
		return 0, err
	case !whole:
		return 0, touch.Errorf(touch.Internal, "", "record %d of the journal is broken, so nothing is cut: run touchgate ledger verify", pos+1)
	case n == 0:
		return 0, nil
	}
	moved, err := t.exec(`UPDATE cut SET pos = $2, hash = $3 WHERE id = 1 AND pos = $1`, from, pos, hash)
	if err != nil {
		return 0, err
	}
	if moved == 0 {
		return 0, errConflict
	}
	if _, err := t.exec(`DELETE FROM journal WHERE pos <= $1`, pos); err != nil {
		return 0, err
	}
	_, err = t.log([]touch.Event{{Kind: touch.EventControl, At: now, Actor: "retention", Reason: ledger.CutReason(pos, hash)}})
	return n, err
}
