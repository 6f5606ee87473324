package sqlstore

import (
	"context"

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
	return getDoc[touch.Item](ctx, s.core, "this item", `SELECT doc FROM items WHERE id = $1`, id)
}

// Update implements ledger.Items.
func (s itemStore) Update(ctx context.Context, item touch.Item) error {
	seen := item.Version
	item.Version++
	row, err := newItemRow(&item)
	if err != nil {
		return s.classify(err)
	}
	// $1 is the id, and $2 the version that the caller has read.
	sets, values := itemColumns.Set(row, 3, "id")
	args := append([]any{item.ID, seen}, values...)

	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE items SET `+sets+` WHERE id = $1 AND version = $2`, args...)
		if err != nil || n == 1 {
			return err
		}
		exists, err := t.one([]any{new(int)}, `SELECT 1 FROM items WHERE id = $1`, item.ID)
		switch {
		case err != nil:
			return err
		case exists:
			return conflict("this item has changed")
		default:
			return notFound("this item")
		}
	})
}
