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
		done, err = c.truncation()
		return err
	})
	return done, err
}

func (c *conn) truncation() (done journal.Truncation, err error) {
	_, err = c.one([]any{&done.Pos, &done.Hash}, `SELECT pos, hash FROM cut WHERE id = 1`)
	return done, err
}

// TruncateJournal implements ledger.Retention.
func (s retentionStore) TruncateJournal(
	ctx context.Context, before time.Time, limit int, now time.Time,
) (n int, err error) {
	limit = clampLimit(limit, 100, touch.MaxBatch)
	err = s.update(ctx, func(t *tx) (err error) {
		n, err = truncateJournal(t, micros(before), limit, now)
		return err
	})
	return n, err
}

func truncateJournal(t *tx, before int64, limit int, now time.Time) (n int, err error) {
	earlier, err := t.truncation()
	if err != nil {
		return 0, err
	}
	run := oldRecords{before: before, last: earlier}
	err = t.each(run.add, `SELECT `+chainFields.List()+` FROM journal ORDER BY pos LIMIT $1`, limit)
	switch {
	case err != nil:
		return 0, err
	case run.broken:
		return 0, touch.Errorf(touch.Internal, "",
			"record %d of the journal is broken, so nothing is cut: run touchgate ledger verify", run.last.Pos+1)
	case run.n == 0:
		return 0, nil
	}

	// The condition fails when another node truncated the journal since it was read.
	moved, err := t.exec(`UPDATE cut SET pos = $2, hash = $3 WHERE id = 1 AND pos = $1`,
		earlier.Pos, run.last.Pos, run.last.Hash)
	if err != nil {
		return 0, err
	}
	if moved == 0 {
		return 0, errConflict
	}
	if _, err := t.exec(`DELETE FROM journal WHERE pos <= $1`, run.last.Pos); err != nil {
		return 0, err
	}
	if err := t.truncateIndex(earlier.Pos, run.last.Pos); err != nil {
		return 0, err
	}
	_, err = t.log([]touch.Event{run.last.Event(now)})
	return run.n, err
}

// oldRecords is the unbroken run of old records at the journal's beginning. It
// ends at the first record that is young, whatever the times of later ones: a
// clock may have been wrong.
type oldRecords struct {
	before int64
	n      int
	last   journal.Truncation // the end of the run so far
	ended  bool
	broken bool // the record after the run does not follow it in the hash chain
}

func (o *oldRecords) add(rows sqldb.Rows) error {
	var r journal.Record
	if err := chainFields.Scan(rows, &r); err != nil {
		return err
	}
	if o.ended || o.broken {
		return nil
	}
	if r.At >= o.before {
		o.ended = true
		return nil
	}
	hash := journal.ChainHash(o.last.Hash, r.Sum())
	if r.Pos != o.last.Pos+1 || !bytes.Equal(hash, r.Hash) {
		o.broken = true
		return nil
	}
	o.last = journal.Truncation{Pos: r.Pos, Hash: hash}
	o.n++
	return nil
}
