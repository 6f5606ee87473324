package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// putSubscription replaces a subscription only of the same caller.
const putSubscription = `INSERT INTO subscriptions (id, caller, secret, cursor, failures, next_at, doc)
	VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, cursor = excluded.cursor, failures = excluded.failures,
	next_at = excluded.next_at, doc = excluded.doc WHERE subscriptions.caller = excluded.caller`

// Put implements ledger.Subscriptions.
func (s subscriptionStore) Put(ctx context.Context, sub ledger.Subscription) error {
	if sub.ID == "" || sub.Caller == "" {
		return touch.Errorf(touch.Invalid, "id", "a subscription needs an id and a caller")
	}
	doc, err := marshal(sub)
	if err != nil {
		return s.classify(err)
	}
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(putSubscription,
			sub.ID, sub.Caller, sub.Secret, sub.Cursor, sub.Failures, micros(sub.NextAt), doc)
		if err == nil && n == 0 {
			return conflict("this subscription belongs to another caller")
		}
		return err
	})
}

// subscriptionRow is a subscription as it is read. What changes with each
// delivery, and the secret, have columns of their own beside the document.
type subscriptionRow struct {
	secret   string
	cursor   int64
	failures int
	nextAt   int64
	doc      []byte
}

var subscriptionFields = sqldb.Selection[subscriptionRow]{
	{Expr: "secret", Dest: func(r *subscriptionRow) any { return &r.secret }},
	{Expr: "cursor", Dest: func(r *subscriptionRow) any { return &r.cursor }},
	{Expr: "failures", Dest: func(r *subscriptionRow) any { return &r.failures }},
	{Expr: "next_at", Dest: func(r *subscriptionRow) any { return &r.nextAt }},
	{Expr: "doc", Dest: func(r *subscriptionRow) any { return &r.doc }},
}

func scanSubscription(rows sqldb.Rows) (sub ledger.Subscription, err error) {
	var r subscriptionRow
	if err := subscriptionFields.Scan(rows, &r); err != nil {
		return sub, err
	}
	err = unmarshal(r.doc, &sub)
	sub.Secret = r.secret
	sub.Cursor = r.cursor
	sub.Failures = r.failures
	sub.NextAt = fromMicros(r.nextAt)
	return sub, err
}

// List implements ledger.Subscriptions. An empty caller lists those of all.
func (s subscriptionStore) List(ctx context.Context, caller string) (subs []ledger.Subscription, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			sub, err := scanSubscription(rows)
			if err == nil {
				subs = append(subs, sub)
			}
			return err
		}, `SELECT `+subscriptionFields.List()+` FROM subscriptions WHERE $1 = '' OR caller = $1 ORDER BY id`, caller)
	})
	return subs, err
}

// Delete implements ledger.Subscriptions.
func (s subscriptionStore) Delete(ctx context.Context, caller, id string) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM subscriptions WHERE id = $1 AND (caller = $2 OR $2 = '')`, id, caller)
		if err == nil && n == 0 {
			return notFound("this subscription")
		}
		return err
	})
}

// SaveCursor implements ledger.Subscriptions. It does nothing when the
// subscription was deleted during the delivery.
func (s subscriptionStore) SaveCursor(
	ctx context.Context, id string, cursor int64, failures int, next time.Time,
) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE subscriptions SET cursor = $2, failures = $3, next_at = $4 WHERE id = $1`,
			id, cursor, failures, micros(next))
		return err
	})
}
