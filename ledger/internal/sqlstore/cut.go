package sqlstore

import (
	"bytes"
	"context"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// Truncation implements ledger.Journal.
func (s journalStore) Truncation(ctx context.Context) (done journal.Truncation, err error) {
	err = s.query(ctx, func(c *conn) error {
		done, err = c.cut()
		return err
	})
	return done, err
}

func (c *conn) cut() (done journal.Truncation, err error) {
	_, err = c.one([]any{&done.Pos, &done.Hash}, `SELECT pos, hash FROM cut WHERE id = 1`)
	return done, err
}

// TruncateJournal implements ledger.Retention.
func (s retentionStore) TruncateJournal(ctx context.Context, before time.Time, limit int, now time.Time) (n int, err error) {
	limit = clampLimit(limit, 100, touch.MaxBatch)
	err = s.update(ctx, func(t *tx) (err error) {
		n, err = t.cutJournal(micros(before), limit, now)
		return err
	})
	return n, err
}

func (t *tx) cutJournal(before int64, limit int, now time.Time) (n int, err error) {
	done, err := t.cut()
	if err != nil {
		return 0, err
	}
	from := done.Pos
	whole := true
	old := true
	err = t.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := rows.Scan(&r.Pos, &r.ID, &r.At, &r.Count, &r.Body, &r.Hash); err != nil {
			return err
		}
		// Only an unbroken run of old records goes, however the times lie after it.
		if old = old && r.At < before; !old || !whole {
			return nil
		}
		next := journal.ChainHash(done.Hash, r.Sum())
		if whole = r.Pos == done.Pos+1 && bytes.Equal(next, r.Hash); whole {
			done = journal.Truncation{Pos: r.Pos, Hash: next}
			n++
		}
		return nil
	}, `SELECT pos, id, at, count, body, hash FROM journal ORDER BY pos LIMIT $1`, limit)
	switch {
	case err != nil:
		return 0, err
	case !whole:
		return 0, touch.Errorf(touch.Internal, "", "record %d of the journal is broken, so nothing is cut: run touchgate ledger verify", done.Pos+1)
	case n == 0:
		return 0, nil
	}
	moved, err := t.exec(`UPDATE cut SET pos = $2, hash = $3 WHERE id = 1 AND pos = $1`, from, done.Pos, done.Hash)
	if err != nil {
		return 0, err
	}
	if moved == 0 {
		return 0, errConflict
	}
	if _, err := t.exec(`DELETE FROM journal WHERE pos <= $1`, done.Pos); err != nil {
		return 0, err
	}
	_, err = t.log([]touch.Event{done.Event(now)})
	return n, err
}
