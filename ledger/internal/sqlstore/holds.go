package sqlstore

import (
	"context"
	"math"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

// holdsSQL lists the holds under which anything is kept: one seek in the index
// for each, however many groups it keeps.
const holdsSQL = `WITH RECURSIVE holds(h) AS (
	SELECT min(hold) FROM waits WHERE hold <> ''
	UNION ALL
	SELECT (SELECT min(w.hold) FROM waits w WHERE w.hold > holds.h AND w.hold <> '') FROM holds WHERE holds.h IS NOT NULL)
	SELECT h FROM holds WHERE h IS NOT NULL`

// heldGroups are the groups that one hold keeps. One that is in a segment stays
// there: a process of an earlier build may have let it go and left the name.
var heldGroups = `w.hold = $1 AND w.hold <> '' AND w.` + groupParked.is() + ` ORDER BY w.id`

// ReleaseHeld implements ledger.Recovery. A worker whose copy of the kill switches
// is older than the end of one may still hold touches under it: they are met by
// the next call.
func (s recoveryStore) ReleaseHeld(ctx context.Context, now time.Time, _ int) (n int, err error) {
	over, err := s.overHolds(ctx, now)
	for _, hold := range over {
		if err != nil || n > 0 {
			break
		}
		n, err = s.sweep(ctx, func(t *tx) (n int, more bool, err error) {
			groups, err := t.lockGroups(t.core.sql.heldGroups, math.MaxInt, hold)
			if err != nil || len(groups) == 0 {
				return 0, false, err
			}
			n, err = t.resume(groups)
			return n, true, err
		})
	}
	return n, err
}

// overHolds returns the holds that keep something although one of their kill
// switches is over.
func (s *core) overHolds(ctx context.Context, now time.Time) (over []string, err error) {
	err = s.query(ctx, func(c *conn) error {
		var holds []string
		err := c.each(func(rows sqldb.Rows) error {
			var hold string
			err := rows.Scan(&hold)
			holds = append(holds, hold)
			return err
		}, c.core.sql.holds)
		if err != nil || len(holds) == 0 {
			return err
		}
		stops, err := queryDocs[ledger.KillSwitch](c, `SELECT doc FROM stops`)
		if err != nil {
			return err
		}
		inForce := map[string]bool{}
		for i := range stops {
			inForce[stops[i].Hold()] = stops[i].InForce(now)
		}
		for _, hold := range holds {
			isOver := func(part string) bool { return !inForce[part] }
			if slices.ContainsFunc(ledger.SplitHolds(hold), isOver) {
				over = append(over, hold)
			}
		}
		return nil
	})
	return over, err
}
