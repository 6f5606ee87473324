package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

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
		n, err := t.exec(`INSERT INTO subscriptions (id, caller, secret, cursor, failures, next_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, cursor = excluded.cursor, failures = excluded.failures,
			next_at = excluded.next_at, doc = excluded.doc WHERE subscriptions.caller = excluded.caller`,
			sub.ID, sub.Caller, sub.Secret, sub.Cursor, sub.Failures, micros(sub.NextAt), doc)
		if err == nil && n == 0 {
			return conflict("this subscription belongs to another caller")
		}
		return err
	})
}

// List implements ledger.Subscriptions. An empty caller lists all.
func (s subscriptionStore) List(ctx context.Context, caller string) (subs []ledger.Subscription, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var doc []byte
			var next int64
			var secret string
			var sub ledger.Subscription
			var cursor int64
			var failures int
			if err := rows.Scan(&secret, &cursor, &failures, &next, &doc); err != nil {
				return err
			}
			if err := unmarshal(doc, &sub); err != nil {
				return err
			}
			sub.Secret, sub.Cursor, sub.Failures, sub.NextAt = secret, cursor, failures, fromMicros(next)
			subs = append(subs, sub)
			return nil
		}, `SELECT secret, cursor, failures, next_at, doc FROM subscriptions WHERE $1 = '' OR caller = $1 ORDER BY id`, caller)
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

// SaveCursor implements ledger.Subscriptions. One that was deleted meanwhile is no error.
func (s subscriptionStore) SaveCursor(ctx context.Context, id string, cursor int64, failures int, next time.Time) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE subscriptions SET cursor = $2, failures = $3, next_at = $4 WHERE id = $1`,
			id, cursor, failures, micros(next))
		return err
	})
}
