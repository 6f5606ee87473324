package sqlstore

import (
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// nextBlock returns the first block of records, from one on, in which a caller
// may have events. The caller ” marks blocks from before there was an index.
func (c *conn) nextBlock(caller string, from int64) (block int64, ok bool, err error) {
	block = -1
	_, err = c.one([]any{&block}, `SELECT COALESCE(MIN(block), -1) FROM (
		SELECT MIN(block) AS block FROM journal_callers WHERE caller = $1 AND block >= $2
		UNION ALL SELECT MIN(block) FROM journal_callers WHERE caller = '' AND block >= $2) b`, caller, from)
	return block, block >= 0, err
}

// truncateIndex forgets the blocks whose records have all been deleted, after
// the journal's end of truncation has moved.
func (t *tx) truncateIndex(from, to int64) error {
	if (from+1)>>IndexBits == (to+1)>>IndexBits {
		return nil
	}
	_, err := t.exec(`DELETE FROM journal_callers WHERE block < $1`, (to+1)>>IndexBits)
	return err
}

// activityPage bounds how many records one read of activity takes. It reads no
// bodies.
const activityPage = 10_000

// Active implements ledger.EventIndex. The bits of the records tell most of the
// callers apart, and the index those that share a bit.
func (s eventIndexStore) Active(
	ctx context.Context, callers []string, after int64,
) (active []string, through int64, err error) {
	through = after
	err = s.query(ctx, func(c *conn) error {
		var bits int64
		for n := activityPage; n == activityPage; {
			n = 0
			err := c.each(func(rows sqldb.Rows) error {
				var of int64
				err := rows.Scan(&through, &of)
				bits |= of
				n++
				return err
			}, `SELECT pos, callers FROM journal WHERE pos > $1 ORDER BY pos LIMIT $2`, through, activityPage)
			if err != nil {
				return err
			}
		}
		for _, caller := range callers {
			if bits&callerBit(caller) == 0 {
				continue
			}
			_, ok, err := c.nextBlock(caller, (after+1)>>IndexBits)
			if err != nil {
				return err
			}
			if ok {
				active = append(active, caller)
			}
		}
		return nil
	})
	return active, through, err
}

// Backlog implements ledger.EventIndex.
func (s eventIndexStore) Backlog(
	ctx context.Context, caller string, kinds []touch.EventKind, after int64, most int,
) (b ledger.Backlog, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.eachEventOf(caller, after, func(e *touch.Event) bool {
			if len(kinds) > 0 && !slices.Contains(kinds, e.Kind) {
				return true
			}
			if b.Events == most {
				b.More = true
				return false
			}
			if b.Events == 0 {
				b.Oldest = e.At
			}
			b.Events++
			return true
		})
	})
	return b, err
}
