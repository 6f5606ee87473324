package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

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
		view.Events, err = c.history(id, rows[0].allRecords())
		return err
	})
	return view, err
}

// List implements ledger.Touches.
func (s touchStore) List(ctx context.Context, f ledger.TouchFilter) (views []ledger.TouchView, next int64, err error) {
	limit := clampLimit(f.Limit, 100, touch.MaxBatch)
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
	err = s.readTx(ctx, func(c *conn) (err error) {
		views, _, err = c.views(q, limit+1)
		return err
	})
	if len(views) > limit {
		views = views[:limit]
		next = views[limit-1].Progress.Seq
	}
	return views, next, err
}

// conditions gathers the parts of a WHERE and their parameters.
type conditions struct {
	parts []string
	args  []any
}

// add takes a condition with a %s for each parameter.
func (q *conditions) add(condition string, args ...any) {
	numbers := make([]any, len(args))
	for i := range args {
		numbers[i] = fmt.Sprintf("$%d", len(q.args)+i+1)
	}
	q.parts = append(q.parts, fmt.Sprintf(condition, numbers...))
	q.args = append(q.args, args...)
}

func (q *conditions) where() string {
	if len(q.parts) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(q.parts, ` AND `)
}

// views reads touches with their progress, oldest first.
func (c *conn) views(q conditions, limit int) (views []ledger.TouchView, rows []*progressRow, err error) {
	err = c.each(func(sqlRows sqldb.Rows) error {
		t, r, err := scanTouchProgress(sqlRows)
		if err != nil {
			return err
		}
		views, rows = append(views, ledger.TouchView{Touch: *t}), append(rows, r)
		return nil
	}, `SELECT `+touchColumns+`, `+progressColumns+fromProgress+`JOIN campaigns c ON c.no = t.campaign`+q.where()+
		fmt.Sprintf(` ORDER BY t.seq LIMIT %d`, limit), q.args...)
	if err != nil {
		return nil, nil, err
	}
	bySeq := make(map[int64]*progressRow, len(rows))
	for _, r := range rows {
		bySeq[r.Seq] = r
	}
	if err := c.locate(bySeq); err != nil {
		return nil, nil, err
	}
	claimed, err := c.claimedSegments(rows)
	for i, r := range rows {
		views[i].Progress = r.Progress
		views[i].Sending = claimed[r.Segment]
	}
	return views, rows, err
}

// claimedSegments tells which of the rows' segments a worker holds.
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

// Since implements ledger.Contacts.
func (s contactStore) Since(ctx context.Context, customers []string, since time.Time) (map[string][]ledger.PastContact, error) {
	found := map[string][]ledger.PastContact{}
	if len(customers) == 0 {
		return found, nil
	}
	err := s.readTx(ctx, func(c *conn) error {
		clear(found)
		touches, bySeq := map[int64]*touch.Touch{}, map[int64]*progressRow{}
		err := c.each(func(rows sqldb.Rows) error {
			t, r, err := scanTouchProgress(rows)
			if err != nil {
				return err
			}
			touches[r.Seq], bySeq[r.Seq] = t, r
			for _, contact := range r.Contacts {
				p := pastContact(t, contact)
				// While nobody knows whether it went out, it may still go.
				p.Pending = r.State == touch.StateUnknown && contact.Leg == r.Leg
				if p.Pending || !contact.At.Before(since) {
					found[t.Customer] = append(found[t.Customer], p)
				}
			}
			return nil
		}, `SELECT `+touchColumns+`, `+progressColumns+fromProgress+`JOIN campaigns c ON c.no = t.campaign
			WHERE `+c.in("t.customer", 1, sqldb.String)+` AND (p.contacts IS NOT NULL OR COALESCE(p.wait, t.wait) <> 0) ORDER BY t.seq`,
			c.array(customers))
		if err != nil {
			return err
		}
		if err := c.locate(bySeq); err != nil {
			return err
		}
		return c.pending(touches, bySeq, found)
	})
	return found, err
}

// pending adds what is intended and not settled. What a receipt has told of
// meanwhile is known already.
func (c *conn) pending(touches map[int64]*touch.Touch, rows map[int64]*progressRow, found map[string][]ledger.PastContact) error {
	var ids []int64
	for _, r := range rows {
		if r.Segment != 0 {
			ids = append(ids, r.Segment)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return c.each(func(sqlRows sqldb.Rows) error {
		var id int64
		var b []byte
		if err := sqlRows.Scan(&id, &b); err != nil {
			return err
		}
		intents, err := unpackIntents(b)
		for _, in := range intents {
			r, t := rows[in.Seq], touches[in.Seq]
			if r == nil || r.Segment != id || in.Leg >= len(t.Plan) {
				continue
			}
			if _, made := r.ContactOn(in.Leg); made {
				continue
			}
			p := pastContact(t, ledger.Contact{Leg: in.Leg, Channel: t.Plan[in.Leg].Channel, At: in.At})
			p.Pending = true
			found[t.Customer] = append(found[t.Customer], p)
		}
		return err
	}, `SELECT id, intents FROM segments WHERE intents IS NOT NULL AND `+c.in("id", 1, sqldb.Integer), c.array(sortedSet(ids)))
}

func pastContact(t *touch.Touch, contact ledger.Contact) ledger.PastContact {
	p := ledger.PastContact{
		Contact: contact, Touch: t.ID, Category: t.Category, Subject: t.Subject, Campaign: t.Campaign, Caller: t.Caller,
		Address: touch.AddressOn(contact.Channel, &t.Request, nil),
	}
	if contact.Leg < len(t.Plan) {
		p.Template = t.Plan[contact.Leg].Template
	}
	return p
}
