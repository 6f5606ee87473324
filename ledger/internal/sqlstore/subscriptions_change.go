package sqlstore

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Change implements ledger.Subscriptions.
func (s subscriptionStore) Change(
	ctx context.Context, caller, id string, by ledger.SubscriptionAct, edit func(*ledger.Subscription) error,
) (changed *ledger.Subscription, err error) {
	err = s.changeSubscriptions(ctx, func(t *tx) error {
		sub, err := t.subscription(caller, id, t.core.db.ForUpdate())
		if err != nil {
			return err
		}
		key := sub.Key
		if err := edit(sub); err != nil {
			return err
		}
		if sub.Key != key {
			if err := t.requireLiveKey(sub.Key); err != nil {
				return err
			}
		}
		sub.Revision++
		if err := t.putSubscription(sub); err != nil {
			return err
		}
		changed = sub
		_, err = t.log([]touch.Event{{
			Kind: touch.EventSubscription, At: by.At, Caller: sub.Caller, Actor: by.Actor,
			Reason: "webhook " + id + " to " + hostOf(sub.URL) + ": " + by.Reason,
		}})
		return err
	})
	return changed, err
}

// putSubscription writes a subscription that is there and locked.
func (t *tx) putSubscription(sub *ledger.Subscription) error {
	var docs [4][]byte
	for i, v := range []any{sub, sub.Previous, sub.Again, subscriptionRun{Pending: sub.Pending, Calls: sub.Calls}} {
		var err error
		if docs[i], err = marshal(v); err != nil {
			return err
		}
	}
	_, err := t.exec(`UPDATE subscriptions SET key_id = $2, secret = $3, revision = $4, cursor = $5, failures = $6,
		next_at = $7, doc = $8, previous = $9, again = $10, progress = $11 WHERE id = $1`,
		sub.ID, sub.Key, sub.Secret, sub.Revision, sub.Cursor, sub.Failures, micros(sub.NextAt),
		docs[0], docs[1], docs[2], docs[3])
	return err
}

// End implements ledger.Subscriptions.
func (s subscriptionStore) End(ctx context.Context, caller, id string, by ledger.SubscriptionAct) error {
	return s.changeSubscriptions(ctx, func(t *tx) error {
		sub, err := t.subscription(caller, id, t.core.db.ForUpdate())
		if err != nil {
			return err
		}
		if by.Revision != 0 && by.Revision != sub.Revision {
			return conflict("this subscription has changed meanwhile")
		}
		return t.endSubscription(sub, by)
	})
}

func (t *tx) endSubscription(sub *ledger.Subscription, by ledger.SubscriptionAct) error {
	if _, err := t.exec(`DELETE FROM subscriptions WHERE id = $1`, sub.ID); err != nil {
		return err
	}
	_, err := t.log([]touch.Event{{
		Kind: touch.EventSubscriptionEnded, At: by.At, Caller: sub.Caller, Actor: by.Actor,
		Reason: "webhook " + sub.ID + " to " + hostOf(sub.URL) + " ended: " + by.Reason,
	}})
	return err
}

// endSubscriptionsOf ends what a key has made, because the key is revoked. The
// key's row is locked, so that it makes no more (requireLiveKey).
func (t *tx) endSubscriptionsOf(key string, by ledger.SubscriptionAct) error {
	var subs []ledger.Subscription
	err := t.each(scanSubscriptions(&subs), `SELECT `+subscriptionFields.List()+` FROM subscriptions
		WHERE key_id = $1 ORDER BY id`, key)
	if err != nil {
		return err
	}
	for i := range subs {
		if err := t.endSubscription(&subs[i], by); err != nil {
			return err
		}
	}
	return nil
}

// requireLiveKey refuses a key that has been revoked, and keeps it from being
// revoked before the transaction ends: a node may know the key from a few
// seconds ago. A key that is not stored is that of a development server.
func (t *tx) requireLiveKey(id string) error {
	var revoked int64
	err := t.each(func(rows sqldb.Rows) error { return rows.Scan(&revoked) },
		`SELECT revoked FROM keys WHERE id = $1`+t.core.db.ForShare(), id)
	if err == nil && revoked != 0 {
		return touch.Errorf(touch.Unauthenticated, "", "the API key is revoked")
	}
	return err
}

// SaveProgress implements ledger.Subscriptions.
func (s subscriptionStore) SaveProgress(
	ctx context.Context, sub *ledger.Subscription, from int64,
) (saved bool, err error) {
	again, err := marshal(sub.Again)
	if err != nil {
		return false, s.classify(err)
	}
	run, err := marshal(subscriptionRun{Pending: sub.Pending, Calls: sub.Calls})
	if err != nil {
		return false, s.classify(err)
	}
	err = s.update(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE subscriptions SET cursor = $4, failures = $5, next_at = $6, again = $7, progress = $8
			WHERE id = $1 AND cursor = $2 AND revision = $3`,
			sub.ID, from, sub.Revision, sub.Cursor, sub.Failures, micros(sub.NextAt), again, run)
		saved = n == 1
		return err
	})
	return saved, err
}
