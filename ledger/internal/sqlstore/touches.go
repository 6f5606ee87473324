package sqlstore

import (
	"context"
	"fmt"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Get implements ledger.Touches.
func (s touchStore) Get(ctx context.Context, caller string, id touch.ID) (*ledger.TouchView, error) {
	var view *ledger.TouchView
	err := s.readTx(ctx, func(c *conn) error {
		var q conditions
		q.add("t.id = %s", id[:])
		if caller != "" {
			q.add("c.caller = %s", caller)
		}
		views, rows, err := c.views(q, 1)
		if err != nil {
			return err
		}
		if len(views) == 0 {
			return notFound("this touch")
		}
		view = &views[0]
		view.Events, err = c.history(id, rows[0].records())
		return err
	})
	return view, err
}

// List implements ledger.Touches.
func (s touchStore) List(
	ctx context.Context, f ledger.TouchFilter,
) (views []ledger.TouchView, next int64, err error) {
	limit := clampLimit(f.Limit, 100, touch.MaxBatch)
	q := touchConditions(f)
	err = s.readTx(ctx, func(c *conn) (err error) {
		views, _, err = c.views(q, limit+1) // one more tells whether there is a next page
		return err
	})
	if len(views) > limit {
		views = views[:limit]
		next = views[limit-1].Progress.Seq
	}
	return views, next, err
}

// touchConditions selects from touches t, progress p and campaigns c. A
// campaign is looked up first, so that its touches are found by the index.
func touchConditions(f ledger.TouchFilter) conditions {
	var q conditions
	q.add("t.seq > %s", f.After)
	switch {
	case f.Campaign != "" && f.Caller != "":
		q.add("t.campaign = (SELECT no FROM campaigns WHERE caller = %s AND name = %s)", f.Caller, f.Campaign)
	case f.Campaign != "":
		q.add("t.campaign IN (SELECT no FROM campaigns WHERE name = %s)", f.Campaign)
	case f.Caller != "":
		q.add("t.campaign IN (SELECT no FROM campaigns WHERE caller = %s)", f.Caller)
	}
	if f.Customer != "" {
		q.add("t.customer = %s", f.Customer)
	}
	if f.State != "" {
		q.add("COALESCE(p.state, t.state) = %s", string(f.State))
	}
	return q
}

func viewsSQL(q conditions, limit int) string {
	return `SELECT ` + touchProgressColumns + fromTouchProgress + q.where() + fmt.Sprintf(` ORDER BY t.seq LIMIT %d`, limit)
}

// campaignTouchesSQL is how List reads a campaign.
var campaignTouchesSQL = viewsSQL(touchConditions(ledger.TouchFilter{Caller: "caller", Campaign: "campaign"}), 101)

// views reads touches with their progress, oldest first.
func (c *conn) views(q conditions, limit int) (views []ledger.TouchView, rows []*progressRow, err error) {
	err = c.each(func(sqlRows sqldb.Rows) error {
		t, r, err := scanTouchProgress(sqlRows)
		if err != nil {
			return err
		}
		views = append(views, ledger.TouchView{Touch: *t})
		rows = append(rows, r)
		return nil
	}, viewsSQL(q, limit), q.args...)
	if err != nil {
		return nil, nil, err
	}

	bySeq := make(map[int64]*progressRow, len(rows))
	for _, r := range rows {
		bySeq[r.Seq] = r
	}
	if err := c.attachSegments(bySeq); err != nil {
		return nil, nil, err
	}
	claimed, err := c.claimedSegments(rows)
	for i, r := range rows {
		views[i].Progress = r.Progress
		views[i].Sending = claimed[r.Segment]
	}
	return views, rows, err
}

// claimedSegments returns which of the rows' segments a worker has claimed.
func (c *conn) claimedSegments(rows []*progressRow) (map[int64]bool, error) {
	claimed := map[int64]bool{}
	var ids []int64
	for _, r := range rows {
		if r.Segment != 0 {
			ids = append(ids, r.Segment)
		}
	}
	if len(ids) == 0 {
		return claimed, nil
	}
	err := c.each(func(rows sqldb.Rows) error {
		var id int64
		err := rows.Scan(&id)
		claimed[id] = true
		return err
	}, `SELECT id FROM segments WHERE claimed = 1 AND `+c.in("id", 1, sqldb.Integer), c.array(sortedSet(ids)))
	return claimed, err
}
