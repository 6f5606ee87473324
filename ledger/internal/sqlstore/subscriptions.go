package sqlstore

import (
	"context"
	"fmt"
	"net/url"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// maxSubscriptions bounds one page of subscriptions.
const maxSubscriptions = 1000

// subscriptionRow is a subscription as it is read. What changes with each
// delivery, and the secrets, have columns of their own beside the document.
type subscriptionRow struct {
	key, secret               string
	cursor, revision          int64
	failures                  int
	nextAt                    int64
	doc, previous, again, run []byte
}

var subscriptionFields = sqldb.Selection[subscriptionRow]{
	{Expr: "key_id", Dest: func(r *subscriptionRow) any { return &r.key }},
	{Expr: "secret", Dest: func(r *subscriptionRow) any { return &r.secret }},
	{Expr: "revision", Dest: func(r *subscriptionRow) any { return &r.revision }},
	{Expr: "cursor", Dest: func(r *subscriptionRow) any { return &r.cursor }},
	{Expr: "failures", Dest: func(r *subscriptionRow) any { return &r.failures }},
	{Expr: "next_at", Dest: func(r *subscriptionRow) any { return &r.nextAt }},
	{Expr: "previous", Dest: func(r *subscriptionRow) any { return &r.previous }},
	{Expr: "again", Dest: func(r *subscriptionRow) any { return &r.again }},
	{Expr: "progress", Dest: func(r *subscriptionRow) any { return &r.run }},
	{Expr: "doc", Dest: func(r *subscriptionRow) any { return &r.doc }},
}

// subscriptionRun is the document of what changes with each delivery.
type subscriptionRun struct {
	Pending *ledger.Delivery     `json:"pending,omitempty"`
	Calls   []ledger.WebhookCall `json:"calls,omitempty"`
}

// scan adds a subscription to those that were read before.
func scanSubscriptions(subs *[]ledger.Subscription) func(sqldb.Rows) error {
	return func(rows sqldb.Rows) error {
		var r subscriptionRow
		if err := subscriptionFields.Scan(rows, &r); err != nil {
			return err
		}
		sub := ledger.Subscription{}
		var run subscriptionRun
		for _, d := range []struct {
			doc  []byte
			into any
		}{{r.doc, &sub}, {r.previous, &sub.Previous}, {r.again, &sub.Again}, {r.run, &run}} {
			if len(d.doc) == 0 {
				continue
			}
			if err := unmarshal(d.doc, d.into); err != nil {
				return err
			}
		}
		sub.Key = r.key
		sub.Secret = r.secret
		sub.Revision = r.revision
		sub.Cursor = r.cursor
		sub.Failures = r.failures
		sub.NextAt = fromMicros(r.nextAt)
		sub.Pending = run.Pending
		sub.Calls = run.Calls
		*subs = append(*subs, sub)
		return nil
	}
}

// Create implements ledger.Subscriptions.
func (s subscriptionStore) Create(ctx context.Context, sub ledger.Subscription, most int) error {
	if sub.ID == "" || sub.Caller == "" {
		return touch.Errorf(touch.Invalid, "id", "a subscription needs an id and a caller")
	}
	doc, err := marshal(sub)
	if err != nil {
		return s.classify(err)
	}
	return s.changeSubscriptions(ctx, func(t *tx) error {
		if err := t.requireLiveKey(sub.Key); err != nil {
			return err
		}
		var have int
		if _, err := t.one([]any{&have}, `SELECT COUNT(*) FROM subscriptions WHERE caller = $1`, sub.Caller); err != nil {
			return err
		}
		if most > 0 && have >= most {
			return conflict(fmt.Sprintf("the caller has %d webhooks, and may have %d: end one first", have, most))
		}
		n, err := t.exec(`INSERT INTO subscriptions (id, caller, key_id, secret, cursor, failures, next_at, doc)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
			sub.ID, sub.Caller, sub.Key, sub.Secret, sub.Cursor, sub.Failures, micros(sub.NextAt), doc)
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict("this subscription exists")
		}
		_, err = t.log([]touch.Event{{
			Kind: touch.EventSubscription, At: sub.CreatedAt, Caller: sub.Caller, Actor: sub.Key,
			Reason: "webhook " + sub.ID + " to " + hostOf(sub.URL) + " made",
		}})
		return err
	})
}

// hostOf is the part of an address that is logged: the rest may be secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an unreadable address"
	}
	return u.Host
}

// changeSubscriptions runs fn with a higher version of the subscriptions. The
// row of the version is locked until the commit, so that one change follows the
// other and none passes the bound of a caller.
func (s subscriptionStore) changeSubscriptions(ctx context.Context, fn func(*tx) error) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.raiseSubscriptions(); err != nil {
			return err
		}
		return fn(t)
	})
}

func (t *tx) raiseSubscriptions() error {
	_, err := t.exec(`UPDATE subscriptions_version SET value = value + 1 WHERE id = 1`)
	return err
}

// Version implements ledger.Subscriptions.
func (s subscriptionStore) Version(ctx context.Context) (version int64, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&version}, `SELECT value FROM subscriptions_version WHERE id = 1`)
		return err
	})
	return version, err
}

// Get implements ledger.Subscriptions.
func (s subscriptionStore) Get(ctx context.Context, caller, id string) (sub *ledger.Subscription, err error) {
	err = s.query(ctx, func(c *conn) error {
		sub, err = c.subscription(caller, id, "")
		return err
	})
	return sub, err
}

func (c *conn) subscription(caller, id, lock string) (*ledger.Subscription, error) {
	var found []ledger.Subscription
	err := c.each(scanSubscriptions(&found), `SELECT `+subscriptionFields.List()+` FROM subscriptions
		WHERE id = $1 AND (caller = $2 OR $2 = '')`+lock, id, caller)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound("this subscription")
	}
	return &found[0], nil
}

// List implements ledger.Subscriptions.
func (s subscriptionStore) List(
	ctx context.Context, caller, after string, limit int,
) (subs []ledger.Subscription, err error) {
	limit = clampLimit(limit, 100, maxSubscriptions)
	err = s.query(ctx, func(c *conn) error {
		if caller == "" {
			return c.each(scanSubscriptions(&subs), `SELECT `+subscriptionFields.List()+` FROM subscriptions
				WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
		}
		return c.each(scanSubscriptions(&subs), `SELECT `+subscriptionFields.List()+` FROM subscriptions
			WHERE caller = $1 AND id > $2 ORDER BY id LIMIT $3`, caller, after, limit)
	})
	return subs, err
}
