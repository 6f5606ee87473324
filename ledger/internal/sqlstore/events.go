package sqlstore

import (
	"context"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// recordsPerPage bounds how many records one read takes.
const recordsPerPage = 64

// List implements ledger.Events.
func (s eventStore) List(ctx context.Context, caller string, after int64, limit int) ([]touch.Event, error) {
	limit = clampLimit(limit, 100, 10_000)
	var events []touch.Event
	err := s.query(ctx, func(c *conn) error {
		// The record of the last event may hold more events after it.
		pos := journal.Position(after)
		for len(events) < limit {
			n, last, err := c.eventsPage(caller, pos, func(e *touch.Event) {
				if e.Seq > after && (caller == "" || e.Caller == caller) && len(events) < limit {
					events = append(events, *e)
				}
			})
			if err != nil || n < recordsPerPage {
				return err
			}
			pos = last + 1
		}
		return nil
	})
	return events, err
}

// eventsPage calls visit for the events of the next records from a position on
// that may hold events of the caller. It returns how many records it read, and
// the position of the last.
func (c *conn) eventsPage(caller string, from int64, visit func(*touch.Event)) (n int, last int64, err error) {
	err = c.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := recordFields.Scan(rows, &r); err != nil {
			return err
		}
		n++
		last = r.Pos
		return r.Each(visit)
	}, `SELECT `+recordFields.List()+` FROM journal
		WHERE pos >= $1 AND (callers & $2 <> 0 OR $3) ORDER BY pos LIMIT $4`,
		from, callerBit(caller), caller == "", recordsPerPage)
	return n, last, err
}
