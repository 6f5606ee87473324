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

// taskDue is the due time of a task; tasks without one come last.
const taskDue = `(CASE WHEN due = 0 THEN 9223372036854775807 ELSE due END)`

// List implements ledger.Items.
func (s itemStore) List(
	ctx context.Context, f ledger.ItemFilter,
) (items []touch.Item, next string, err error) {
	limit := clampLimit(f.Limit, 50, 200)
	q := itemConditions(f)
	if f.Cursor != "" {
		if err := q.addItemCursor(f); err != nil {
			return nil, "", err
		}
	}
	order := `created DESC, id DESC`
	if f.Channel == touch.RMTask {
		order = taskDue + `, id`
	}
	err = s.query(ctx, func(c *conn) error {
		items, err = queryDocs[touch.Item](c, `SELECT doc FROM items`+q.where()+` ORDER BY `+order+
			fmt.Sprintf(` LIMIT %d`, limit+1), q.args...) // the one too many tells that there is a next page
		return err
	})
	if len(items) > limit {
		items = items[:limit]
		next = itemCursor(f, &items[limit-1])
	}
	return items, next, err
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

func itemConditions(f ledger.ItemFilter) conditions {
	var q conditions
	addEqual := func(column, value string) {
		if value != "" {
			q.add(column+" = %s", value)
		}
	}
	addEqual("customer", f.Customer)
	addEqual("channel", string(f.Channel))
	addEqual("placement", f.Placement)
	addEqual("queue", f.Queue)
	addEqual("branch", f.Branch)
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
		q.add("escalated = 0")
	}
	if !f.CreatedAfter.IsZero() {
		q.add("created > %s", micros(f.CreatedAfter))
	}
	if !f.LiveAt.IsZero() {
		q.add("(expires = 0 OR expires > %s)", micros(f.LiveAt))
	}
	return q
}

// addItemCursor selects the items after the cursor.
func (q *conditions) addItemCursor(f ledger.ItemFilter) error {
	at, id, err := parseItemCursor(f.Cursor)
	if err != nil {
		return err
	}
	if f.Channel == touch.RMTask {
		q.add(`(`+taskDue+` > %s OR (`+taskDue+` = %s AND id > %s))`, at, at, id)
	} else {
		q.add(`(created < %s OR (created = %s AND id < %s))`, at, at, id)
	}
	return nil
}

// itemCursor returns the cursor after an item: its sort key, encoded so that
// clients do not rely on it.
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
	errCursor := touch.Errorf(touch.Invalid, "cursor", "not a cursor of this list")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", errCursor
	}
	instant, id, ok := strings.Cut(string(b), " ")
	if at, err = strconv.ParseInt(instant, 10, 64); err != nil || !ok {
		return 0, "", errCursor
	}
	return at, id, nil
}
