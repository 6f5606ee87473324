package sqlstore

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// pendingTouchesSQL looks at all touches of a higher priority that the
// customers ever had. It reads only their numbers, and then, of those that
// still wait, the whole rows.
func pendingTouchesSQL(d sqldb.Dialect) string {
	return `SELECT ` + touchProgressColumns + fromTouchProgress + `WHERE t.seq IN (
		SELECT m.seq FROM (
			SELECT t.seq, row_number() OVER (PARTITION BY t.customer ORDER BY t.priority DESC, t.seq) AS place` +
		fromTouchProgress + `WHERE ` + d.In("t.customer", 1, sqldb.String) + `
				AND t.priority > $2 AND COALESCE(p.state, t.state) = $3 AND c.status = $4) m
		WHERE m.place <= $5) ORDER BY t.priority DESC, t.seq`
}

// PendingOf implements ledger.Touches.
func (s touchStore) PendingOf(
	ctx context.Context, customers []string, above, most int,
) (map[string][]ledger.TouchView, error) {
	found := map[string][]ledger.TouchView{}
	if len(customers) == 0 {
		return found, nil
	}
	err := s.query(ctx, func(c *conn) error {
		clear(found)
		return c.each(func(rows sqldb.Rows) error {
			t, r, err := scanTouchProgress(rows)
			if err == nil {
				found[t.Customer] = append(found[t.Customer], ledger.TouchView{Touch: *t, Progress: r.Progress})
			}
			return err
		}, s.sql.pendingTouches, c.array(customers), above, string(touch.StateDue), int64(campaignRunning), most)
	})
	return found, err
}
