package sqlstore

import (
	"context"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// recordsAtOnce bounds how many records one read of the feed takes.
const recordsAtOnce = 64

// List implements ledger.Events.
func (s eventStore) List(ctx context.Context, caller string, after int64, limit int) ([]touch.Event, error) {
	limit = clampLimit(limit, 100, 10_000)
	var events []touch.Event
	err := s.query(ctx, func(c *conn) error {
		pos := journal.Position(after)
		for len(events) < limit {
			n, last, err := c.feedPage(caller, pos, func(e *touch.Event) {
				if e.Seq > after && (caller == "" || e.Caller == caller) && len(events) < limit {
					events = append(events, *e)
				}
			})
			if err != nil || n < recordsAtOnce {
				return err
			}
			pos = last + 1
		}
		return nil
	})
	return events, err
}

// feedPage reads the next records from pos on, and says how many there were
// and the position of the last.
func (c *conn) feedPage(caller string, from int64, visit func(*touch.Event)) (n int, last int64, err error) {
	err = c.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := rows.Scan(&r.Pos, &r.Count, &r.Body); err != nil {
			return err
		}
		n++
		last = r.Pos
		return r.Each(visit)
	}, `SELECT pos, count, body FROM journal WHERE pos >= $1 AND (callers & $2 <> 0 OR $3) ORDER BY pos LIMIT $4`,
		from, callerBit(caller), caller == "", recordsAtOnce)
	return n, last, err
}

// Records implements ledger.Journal.
func (s journalStore) Records(ctx context.Context, after int64, limit int) (records []journal.Record, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var r journal.Record
			err := rows.Scan(&r.Pos, &r.ID, &r.At, &r.Count, &r.Body, &r.Hash)
			records = append(records, r)
			return err
		}, `SELECT pos, id, at, count, body, hash FROM journal WHERE pos > $1 ORDER BY pos LIMIT $2`, after, clampLimit(limit, 100, 10_000))
	})
	return records, err
}

// Head implements ledger.Journal.
func (s journalStore) Head(ctx context.Context) (pos int64, hash []byte, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&pos, &hash}, `SELECT pos, hash FROM head WHERE id = 1`)
		return err
	})
	return pos, hash, err
}
