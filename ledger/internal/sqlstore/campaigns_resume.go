package sqlstore

import (
	"context"
	"math"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// The groups of campaign $1 that are to be resumed, and those to be cancelled.
// Groups of touches that were sent are not cancelled: they are in no lane.
var (
	parkedGroups    = `w.campaign = $1 AND ` + isParked + ` ORDER BY w.id`
	cancelledGroups = `w.campaign = $1 AND ` + isOutsideOfSegment + ` AND w.lane <> '' ORDER BY w.id`
)

// campaignsAtOnce bounds how many campaigns one sweep goes through.
const campaignsAtOnce = "100"

// ResumeParked implements ledger.Recovery. It takes a page of each campaign that
// was resumed or cancelled: one with a million touches, or with touches that
// cannot be cancelled yet, keeps no other one waiting. For the same reason it
// begins with any of them.
func (s recoveryStore) ResumeParked(ctx context.Context, now time.Time, limit int) (n int, err error) {
	limit = clampLimit(limit, touch.MaxBatch, 10*touch.MaxBatch)
	var campaigns []int64
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var no int64
			err := rows.Scan(&no)
			campaigns = append(campaigns, no)
			return err
		}, `SELECT no FROM campaigns WHERE sweep <> 0 AND `+campaignPaused.isNot()+` ORDER BY random() LIMIT `+campaignsAtOnce)
	})
	for _, no := range campaigns {
		if err != nil {
			break
		}
		var moved int
		moved, err = s.sweep(ctx, func(t *tx) (n int, more bool, err error) { return sweepCampaign(t, no, limit, now) })
		n += moved
	}
	return n, err
}

// sweepCampaign resumes or cancels groups of a campaign that was resumed or
// cancelled. more is false when it has none left.
func sweepCampaign(t *tx, no int64, limit int, now time.Time) (n int, more bool, err error) {
	var status campaignStatus
	ok, err := t.one([]any{&status}, `SELECT status FROM campaigns
		WHERE no = $1 AND sweep <> 0 AND `+campaignPaused.isNot()+t.core.db.SkipLocked(), no)
	if err != nil || !ok {
		return 0, false, err
	}

	query := lockGroupsSQL(t.core.db, parkedGroups)
	if status == campaignCancelled {
		query = t.core.sql.campaignGroups
	}
	if status == campaignRunning {
		limit = math.MaxInt // to resume a group is one row, however many touches it lists
	}
	groups, err := t.lockGroups(query, limit, no)
	switch {
	case err != nil:
		return 0, true, err
	case len(groups) == 0:
		_, err = t.exec(`UPDATE campaigns SET sweep = 0 WHERE no = $1`, no)
		return 0, false, err
	case status == campaignCancelled:
		n, left, err := t.endGroups(groups, cancelTouch(touch.ReasonCampaign, "", now))
		if err == nil {
			_, err = t.resume(left)
		}
		// The next sweep meets again what is left. Without progress it would
		// meet only that.
		return n, n > 0, err
	}
	n, err = t.resume(groups)
	return n, true, err
}

// resume lets groups wait again, and returns how many touches they list.
func (t *tx) resume(groups []*timerGroup) (n int, err error) {
	var ids []int64
	for _, g := range groups {
		ids = append(ids, g.id)
		n += len(g.seqs)
	}
	_, err = t.exec(`UPDATE waits SET `+groupWaiting.is()+`, hold = '' WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	return n, err
}
