package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// unconfirmedGroups selects groups of touches that were sent in lane $1 before
// $2. The conditions on priority and expires hold for all aging groups; they
// are named so that the database can use the index.
var unconfirmedGroups = `w.lane = $1 AND w.priority = 0 AND w.expires = $3 AND w.due < $2 AND ` + isWaiting +
	` ORDER BY w.due, w.id`

// ExpireUnconfirmed implements ledger.Recovery.
func (s recoveryStore) ExpireUnconfirmed(ctx context.Context, sentBefore, now time.Time, limit int) (n int, err error) {
	limit = clampLimit(limit, touch.MaxBatch, touch.MaxBatch)
	return s.sweep(ctx, func(t *tx) (n int, more bool, err error) {
		groups, err := t.lockGroups(t.core.sql.unconfirmed, limit, laneAging, micros(sentBefore), never)
		if err != nil || len(groups) == 0 {
			return 0, false, err
		}
		n, _, err = t.endGroups(groups, func(cur ledger.Progress, tc *touch.Touch) (ledger.Progress, []touch.Event) {
			if cur.State != touch.StateSent && cur.State != touch.StateUnknown {
				return cur, nil
			}
			return inFinalState(cur, tc, touch.StateUnconfirmed, touch.EventUnconfirmed, now)
		})
		return n, true, err
	})
}
