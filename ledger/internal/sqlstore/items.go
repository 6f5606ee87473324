package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// itemRow is an item with the document already encoded.
type itemRow struct {
	*touch.Item
	assignee touch.Assignee
	doc      []byte
}

func newItemRow(item *touch.Item) (itemRow, error) {
	doc, err := marshal(item)
	r := itemRow{Item: item, doc: doc}
	if item.Assignee != nil {
		r.assignee = *item.Assignee
	}
	return r, err
}

var itemColumns = sqldb.Columns[itemRow]{
	sqldb.Text("id", func(r itemRow) string { return r.ID }),
	sqldb.Int("version", func(r itemRow) int64 { return r.Version }),
	sqldb.Text("channel", func(r itemRow) string { return string(r.Channel) }),
	sqldb.Text("customer", func(r itemRow) string { return r.Customer }),
	sqldb.Text("state", func(r itemRow) string { return string(r.State) }),
	sqldb.Text("placement", func(r itemRow) string { return r.Content.Placement }),
	sqldb.Text("manager", func(r itemRow) string { return r.assignee.Manager }),
	sqldb.Text("claimed_by", func(r itemRow) string { return r.ClaimedBy }),
	sqldb.Text("queue", func(r itemRow) string { return r.assignee.Queue }),
	sqldb.Text("branch", func(r itemRow) string { return r.assignee.Branch }),
	sqldb.Int("due", func(r itemRow) int64 { return optMicros(r.DueAt) }),
	sqldb.Int("escalated", func(r itemRow) int64 { return flag(r.Escalated) }),
	sqldb.Int("created", func(r itemRow) int64 { return micros(r.CreatedAt) }),
	sqldb.Int("expires", func(r itemRow) int64 { return optMicros(r.ExpiresAt) }),
	sqldb.Blob("doc", func(r itemRow) []byte { return r.doc }),
}

var insertItems = sqldb.NewInsert("items", itemColumns, "(id) DO NOTHING", "")

// Put implements ledger.Items.
func (s itemStore) Put(ctx context.Context, items []touch.Item) error {
	rows := make([]itemRow, 0, len(items))
	seen := map[string]bool{}
	for _, item := range items {
		if item.ID == "" {
			return touch.Errorf(touch.Invalid, "id", "an item needs an id")
		}
		if seen[item.ID] {
			continue
		}
		seen[item.ID] = true
		item.Version = 1
		row, err := newItemRow(&item)
		if err != nil {
			return s.classify(err)
		}
		rows = append(rows, row)
	}
	return s.update(ctx, func(t *tx) error {
		insert(&t.conn, insertItems, rows)
		return nil
	})
}

// Get implements ledger.Items.
func (s itemStore) Get(ctx context.Context, id string) (*touch.Item, error) {
	var all []touch.Item
	err := s.query(ctx, func(c *conn) (err error) {
		all, err = queryDocs[touch.Item](c, `SELECT doc FROM items WHERE id = $1`, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, notFound("this item")
	}
	return &all[0], nil
}

// Update implements ledger.Items.
func (s itemStore) Update(ctx context.Context, item touch.Item) error {
	seen := item.Version
	item.Version++
	row, err := newItemRow(&item)
	if err != nil {
		return s.classify(err)
	}
	// $1 is the id and $2 the version that the caller has seen.
	sets, values := itemColumns.Set(row, 3, "id")
	args := append([]any{item.ID, seen}, values...)
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE items SET `+sets+` WHERE id = $1 AND version = $2`, args...)
		if err != nil || n == 1 {
			return err
		}
		var one int
		if ok, err := t.one([]any{&one}, `SELECT 1 FROM items WHERE id = $1`, item.ID); err != nil || ok {
			if err == nil {
				err = conflict("this item has changed")
			}
			return err
		}
		return notFound("this item")
	})
}

// Count implements ledger.Items.
func (s itemStore) Count(ctx context.Context, f ledger.ItemFilter) (n int64, err error) {
	q := itemConditions(f)
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&n}, `SELECT count(*) FROM items`+q.where(), q.args...)
		return err
	})
	return n, err
}

// List implements ledger.Items.
func (s itemStore) List(ctx context.Context, f ledger.ItemFilter) (items []touch.Item, next string, err error) {
	limit := clampLimit(f.Limit, 50, 200)
	q := itemConditions(f)
	order := `created DESC, id DESC`
	if f.Channel == touch.RMTask {
		order = taskDue + `, id`
	}
	if f.Cursor != "" {
		at, id, err := parseItemCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		if f.Channel == touch.RMTask {
			q.add(`(`+taskDue+` > %s OR (`+taskDue+` = %s AND id > %s))`, at, at, id)
		} else {
			q.add(`(created < %s OR (created = %s AND id < %s))`, at, at, id)
		}
	}
	err = s.query(ctx, func(c *conn) error {
		items, err = queryDocs[touch.Item](c, `SELECT doc FROM items`+q.where()+` ORDER BY `+order+fmt.Sprintf(` LIMIT %d`, limit+1), q.args...)
		return err
	})
	if len(items) > limit {
		items = items[:limit]
		next = itemCursor(f, &items[limit-1])
	}
	return items, next, err
}

// taskDue orders tasks without a time last.
const taskDue = `(CASE WHEN due = 0 THEN 9223372036854775807 ELSE due END)`

func itemConditions(f ledger.ItemFilter) conditions {
	var q conditions
	equal := func(column, value string) {
		if value != "" {
			q.add(column+" = %s", value)
		}
	}
	equal("customer", f.Customer)
	equal("channel", string(f.Channel))
	equal("placement", f.Placement)
	equal("queue", f.Queue)
	equal("branch", f.Branch)
	if f.Manager != "" {
		q.add("(manager = %s OR claimed_by = %s)", f.Manager, f.Manager)
	}
	if len(f.States) > 0 {
		states := make([]any, len(f.States))
		for i, state := range f.States {
			states[i] = string(state)
		}
		q.add("state IN (%s"+strings.Repeat(", %s", len(states)-1)+")", states...)
	}
	if !f.DueBefore.IsZero() {
		q.add("due <> 0 AND due < %s", micros(f.DueBefore))
	}
	if f.NotEscalated {
		q.parts = append(q.parts, "escalated = 0")
	}
	if !f.LiveAt.IsZero() {
		q.add("(expires = 0 OR expires > %s)", micros(f.LiveAt))
	}
	return q
}

// An item cursor is the place of the last item shown, in a form that nobody
// need read.
func itemCursor(f ledger.ItemFilter, last *touch.Item) string {
	at := micros(last.CreatedAt)
	if f.Channel == touch.RMTask {
		if at = optMicros(last.DueAt); at == 0 {
			at = math.MaxInt64
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10) + " " + last.ID))
}

func parseItemCursor(cursor string) (at int64, id string, err error) {
	bad := touch.Errorf(touch.Invalid, "cursor", "not a cursor of this list")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", bad
	}
	head, id, ok := strings.Cut(string(b), " ")
	if at, err = strconv.ParseInt(head, 10, 64); err != nil || !ok {
		return 0, "", bad
	}
	return at, id, nil
}
