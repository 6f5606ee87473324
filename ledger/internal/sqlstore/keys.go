package sqlstore

import (
	"context"
	"strings"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Put implements ledger.Keys.
func (s keyStore) Put(ctx context.Context, k ledger.APIKey) error {
	doc, err := marshal(k)
	if err != nil {
		return s.classify(err)
	}
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO keys (id, hash, revoked, doc) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO NOTHING`, k.ID, k.Hash[:], optMicros(k.RevokedAt), doc)
		if err != nil {
			return err
		}
		if n == 0 {
			return conflict("this key exists")
		}
		_, err = t.log([]touch.Event{{
			Kind: touch.EventControl, At: k.CreatedAt, Caller: k.Caller, Actor: k.CreatedBy,
			Reason: "key " + k.ID + " made for " + k.Caller + ": " + strings.Join(k.Scopes, ", "),
		}})
		return err
	})
}

// Get implements ledger.Keys.
func (s keyStore) Get(ctx context.Context, id string) (*ledger.APIKey, error) {
	keys, err := s.keys(ctx, `WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, notFound("this key")
	}
	return &keys[0], nil
}

// List implements ledger.Keys.
func (s keyStore) List(ctx context.Context, after string, limit int) ([]ledger.APIKey, error) {
	return s.keys(ctx, `WHERE id > $1 ORDER BY id LIMIT $2`, after, clampLimit(limit, 100, 1000))
}

// keys reads keys. The hash is not part of the document, and the instant of
// revocation in the document is that of the first write.
func (s keyStore) keys(ctx context.Context, tail string, args ...any) (keys []ledger.APIKey, err error) {
	err = s.query(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var hash, doc []byte
			var revoked int64
			if err := rows.Scan(&hash, &revoked, &doc); err != nil {
				return err
			}
			var k ledger.APIKey
			if err := unmarshal(doc, &k); err != nil {
				return err
			}
			copy(k.Hash[:], hash)
			k.RevokedAt = nil
			if revoked != 0 {
				at := fromMicros(revoked)
				k.RevokedAt = &at
			}
			keys = append(keys, k)
			return nil
		}, `SELECT hash, revoked, doc FROM keys `+tail, args...)
	})
	return keys, err
}

// Revoke implements ledger.Keys. The subscriptions of the key end with it. A
// key that is revoked already keeps the instant of the first revocation.
func (s keyStore) Revoke(ctx context.Context, id, actor string, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		// The version's row first, as whoever makes a subscription locks it.
		if err := t.raiseSubscriptions(); err != nil {
			return err
		}
		n, err := t.exec(`UPDATE keys SET revoked = CASE WHEN revoked = 0 THEN $2 ELSE revoked END WHERE id = $1`,
			id, micros(now))
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("this key")
		}
		by := ledger.SubscriptionAct{Actor: actor, At: now, Reason: "its key " + id + " was revoked"}
		if err := t.endSubscriptionsOf(id, by); err != nil {
			return err
		}
		_, err = t.log([]touch.Event{{Kind: touch.EventControl, At: now, Actor: actor, Reason: "key " + id + " revoked"}})
		return err
	})
}
