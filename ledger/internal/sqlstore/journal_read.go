package sqlstore

import (
	"context"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// recordFields are what a reader of events needs of a record.
var recordFields = sqldb.Selection[journal.Record]{
	{Expr: "pos", Dest: func(r *journal.Record) any { return &r.Pos }},
	{Expr: "count", Dest: func(r *journal.Record) any { return &r.Count }},
	{Expr: "body", Dest: func(r *journal.Record) any { return &r.Body }},
}

// chainFields are what else the proof of the hash chain needs.
var chainFields = append(recordFields[:len(recordFields):len(recordFields)], sqldb.Selection[journal.Record]{
	{Expr: "id", Dest: func(r *journal.Record) any { return &r.ID }},
	{Expr: "at", Dest: func(r *journal.Record) any { return &r.At }},
	{Expr: "hash", Dest: func(r *journal.Record) any { return &r.Hash }},
}...)

// Records implements ledger.Journal.
func (s journalStore) Records(ctx context.Context, after int64, limit int) (records []journal.Record, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var r journal.Record
			err := chainFields.Scan(rows, &r)
			records = append(records, r)
			return err
		}, `SELECT `+chainFields.List()+` FROM journal WHERE pos > $1 ORDER BY pos LIMIT $2`,
			after, clampLimit(limit, 100, 10_000))
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

func historySQL(d sqldb.Dialect) string {
	return `SELECT ` + recordFields.List() + ` FROM journal WHERE ` + d.In("id", 1, sqldb.Integer) + ` ORDER BY pos`
}

// history returns the events of one touch, in order; records are the ids of the
// records that hold them.
func (c *conn) history(id touch.ID, records []int64) (events []touch.Event, err error) {
	err = c.eachEvent(records, func(e *touch.Event) {
		if e.Touch == id {
			events = append(events, *e)
		}
	})
	return events, err
}

// eachEvent calls visit for all events of records, which are named by their
// ids, in order.
func (c *conn) eachEvent(records []int64, visit func(*touch.Event)) error {
	return c.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := recordFields.Scan(rows, &r); err != nil {
			return err
		}
		return r.Each(visit)
	}, c.core.sql.history, c.array(records))
}
