package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

var insertItems = Insert{
	Table: "items",
	Columns: []string{"id", "version", "channel", "customer", "state", "placement", "manager", "claimed_by", "queue", "branch",
		"due", "escalated", "created", "expires", "doc"},
	Kinds:      "tittttttttiiiib",
	OnConflict: "(id) DO NOTHING",
}

// PutItems implements ledger.Items.
func (s *Store) PutItems(ctx context.Context, items []touch.Item) error {
	var c itemColumns
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
		if err := c.add(&item); err != nil {
			return s.fault(err)
		}
	}
	return s.change(ctx, func(t *tx) error { return t.insert(&insertItems, len(c.texts[0]), c.all()...) })
}

// itemColumns are items as columns: the texts are id, channel, customer, state,
// placement, manager, claimed_by, queue and branch; the numbers version, due,
// escalated, created and expires.
type itemColumns struct {
	texts [9][]string
	ints  [5][]int64
	docs  [][]byte
}

func (c *itemColumns) add(item *touch.Item) error {
	doc, err := packDoc(item)
	if err != nil {
		return err
	}
	var a touch.Assignee
	if item.Assignee != nil {
		a = *item.Assignee
	}
	escalated := int64(0)
	if item.Escalated {
		escalated = 1
	}
	texts := [...]string{item.ID, string(item.Channel), item.Customer, string(item.State), item.Content.Placement,
		a.Manager, item.ClaimedBy, a.Queue, a.Branch}
	ints := [...]int64{item.Version, optMicros(item.DueAt), escalated, micros(item.CreatedAt), optMicros(item.ExpiresAt)}
	for i, v := range texts {
		c.texts[i] = append(c.texts[i], v)
	}
	for i, v := range ints {
		c.ints[i] = append(c.ints[i], v)
	}
	c.docs = append(c.docs, doc)
	return nil
}

// all gives the columns in the order of insertItems.
func (c *itemColumns) all() []any {
	all := []any{c.texts[0], c.ints[0]}
	for _, col := range c.texts[1:] {
		all = append(all, col)
	}
	for _, col := range c.ints[1:] {
		all = append(all, col)
	}
	return append(all, c.docs)
}

// Item implements ledger.Items.
func (s *Store) Item(ctx context.Context, id string) (*touch.Item, error) {
	var all []touch.Item
	err := s.look(ctx, func(c *conn) (err error) {
		all, err = readDocs[touch.Item](c, `SELECT doc FROM items WHERE id = $1`, id)
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

// UpdateItem implements ledger.Items.
func (s *Store) UpdateItem(ctx context.Context, item touch.Item) error {
	seen := item.Version
	item.Version++
	var c itemColumns
	if err := c.add(&item); err != nil {
		return s.fault(err)
	}
	args := []any{item.ID, seen}
	var sets []string
	one := func(name string, v any) {
		args = append(args, v)
		sets = append(sets, fmt.Sprintf("%s = $%d", name, len(args)))
	}
	one("version", item.Version)
	for i, name := range insertItems.Columns[2:10] {
		one(name, c.texts[i+1][0])
	}
	for i, name := range insertItems.Columns[10:14] {
		one(name, c.ints[i+1][0])
	}
	one("doc", c.docs[0])
	return s.change(ctx, func(t *tx) error {
		n, err := t.Exec(`UPDATE items SET `+strings.Join(sets, ", ")+` WHERE id = $1 AND version = $2`, args...)
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

// CountItems implements ledger.Items.
func (s *Store) CountItems(ctx context.Context, f ledger.ItemFilter) (n int64, err error) {
	q := itemConditions(f)
	err = s.look(ctx, func(c *conn) error {
		_, err := c.one([]any{&n}, `SELECT count(*) FROM items`+q.where(), q.args...)
		return err
	})
	return n, err
}

// ListItems implements ledger.Items.
func (s *Store) ListItems(ctx context.Context, f ledger.ItemFilter) (items []touch.Item, next string, err error) {
	limit := bound(f.Limit, 50, 200)
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
	err = s.look(ctx, func(c *conn) error {
		items, err = readDocs[touch.Item](c, `SELECT doc FROM items`+q.where()+` ORDER BY `+order+fmt.Sprintf(` LIMIT %d`, limit+1), q.args...)
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
