package sqlstore

import (
	"context"
	"math"

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
		return c.eachEventOf(caller, after, func(e *touch.Event) bool {
			if len(events) < limit {
				events = append(events, *e)
			}
			return len(events) < limit
		})
	})
	return events, err
}

// eachEventOf calls visit for the caller's events with a Seq above after, in
// order, until visit returns false. An empty caller stands for all. Records
// without events of the caller are passed over by the index.
func (c *conn) eachEventOf(caller string, after int64, visit func(*touch.Event) bool) error {
	// The record of the last event may hold more events after it.
	pos := journal.Position(after)
	more := true
	for more {
		end := int64(math.MaxInt64)
		if caller != "" {
			block, ok, err := c.nextBlock(caller, pos>>IndexBits)
			if err != nil || !ok {
				return err
			}
			pos = max(pos, block<<IndexBits)
			end = (block + 1) << IndexBits
		}
		for n := recordsPerPage; n == recordsPerPage && more; {
			var last int64
			var err error
			n, last, err = c.eventsPage(caller, pos, end, func(e *touch.Event) {
				if more && e.Seq > after && (caller == "" || e.Caller == caller) {
					more = visit(e)
				}
			})
			if err != nil {
				return err
			}
			if n > 0 {
				pos = last + 1
			}
		}
		if end == math.MaxInt64 {
			return nil
		}
		pos = end
	}
	return nil
}

// eventsPage calls visit for the events of the next records between two
// positions that may hold events of the caller. It returns how many records it
// read, and the position of the last.
func (c *conn) eventsPage(caller string, from, end int64, visit func(*touch.Event)) (n int, last int64, err error) {
	err = c.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := recordFields.Scan(rows, &r); err != nil {
			return err
		}
		n++
		last = r.Pos
		return r.Each(visit)
	}, `SELECT `+recordFields.List()+` FROM journal
		WHERE pos >= $1 AND pos < $2 AND (callers & $3 <> 0 OR $4) ORDER BY pos LIMIT $5`,
		from, end, callerBit(caller), caller == "", recordsPerPage)
	return n, last, err
}
