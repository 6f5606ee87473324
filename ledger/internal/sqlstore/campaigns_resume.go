package sqlstore

import (
	"context"
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

// ResumeParked implements ledger.Recovery.
func (s recoveryStore) ResumeParked(ctx context.Context, now time.Time, limit int) (n int, err error) {
	limit = clampLimit(limit, touch.MaxBatch, 10*touch.MaxBatch)
	return s.sweep(ctx, func(t *tx) (n int, more bool, err error) { return sweepCampaign(t, limit, now) })
}

// sweepCampaign resumes or cancels groups of one campaign that was resumed or
// cancelled. more is false when no campaign has any left.
func sweepCampaign(t *tx, limit int, now time.Time) (n int, more bool, err error) {
	var no int64
	var status campaignStatus
	ok, err := t.one([]any{&no, &status}, `SELECT no, status FROM campaigns
		WHERE sweep = 1 AND `+campaignPaused.isNot()+` ORDER BY no LIMIT 1`+t.core.db.SkipLocked())
	if err != nil || !ok {
		return 0, false, err
	}

	query := lockGroupsSQL(t.core.db, parkedGroups)
	if status == campaignCancelled {
		query = t.core.sql.campaignGroups
	}
	groups, err := t.lockGroups(query, limit, no)
	switch {
	case err != nil:
		return 0, true, err
	case len(groups) == 0:
		_, err = t.exec(`UPDATE campaigns SET sweep = 0 WHERE no = $1`, no)
		return 0, true, err
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
	_, err = t.exec(`UPDATE waits SET `+groupWaiting.is()+` WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	return n, err
}
