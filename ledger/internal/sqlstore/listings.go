package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

var insertListings = Insert{
	Table:      "listings",
	Columns:    []string{"list", "key", "scope", "until", "doc"},
	Kinds:      "tttib",
	OnConflict: "(list, key, scope) DO UPDATE SET until = excluded.until, doc = excluded.doc",
}

// PutListings implements ledger.Listings.
func (s *Store) PutListings(ctx context.Context, listings []touch.Listing, actor string, now time.Time) error {
	type name struct{ list, key, scope string }
	last := map[name]touch.Listing{} // of entries that come twice the later one holds
	for _, l := range listings {
		last[name{l.List, l.Key, l.Scope}] = l
	}
	var lists, keys, scopes []string
	var untils []int64
	var docs [][]byte
	for _, l := range last {
		doc, err := packDoc(l)
		if err != nil {
			return s.fault(err)
		}
		lists, keys, scopes = append(lists, l.List), append(keys, l.Key), append(scopes, l.Scope)
		untils, docs = append(untils, optMicros(l.Until)), append(docs, doc)
	}
	return s.change(ctx, func(t *tx) error {
		if err := t.insert(&insertListings, len(lists), lists, keys, scopes, untils, docs); err != nil {
			return err
		}
		for _, l := range last {
			// The key may be an address: the event does not name it.
			reason := "added to " + l.List
			if l.Owner != "" {
				reason += " by " + l.Owner + ": " + l.Reason
			}
			_, err := t.log([]touch.Event{{Kind: touch.EventListing, At: now, Actor: actor, Reason: reason}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// EndListing implements ledger.Listings.
func (s *Store) EndListing(ctx context.Context, list, key, scope, actor string, now time.Time) error {
	return s.change(ctx, func(t *tx) error {
		n, err := t.Exec(`DELETE FROM listings WHERE list = $1 AND key = $2 AND scope = $3 AND (until = 0 OR until > $4)`,
			list, key, scope, micros(now))
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("this entry")
		}
		_, err = t.log([]touch.Event{{Kind: touch.EventListing, At: now, Actor: actor, Reason: "taken off " + list}})
		return err
	})
}

// Listings implements ledger.Listings.
func (s *Store) Listings(ctx context.Context, keys []string, now time.Time) (map[string][]touch.Listing, error) {
	found := map[string][]touch.Listing{}
	if len(keys) == 0 {
		return found, nil
	}
	err := s.look(ctx, func(c *conn) error {
		all, err := readDocs[touch.Listing](c, `SELECT doc FROM listings WHERE `+c.in("key", 1, Text)+
			` AND (until = 0 OR until > $2) ORDER BY list, key, scope`, c.array(keys), micros(now))
		for _, l := range all {
			found[l.Key] = append(found[l.Key], l)
		}
		return err
	})
	return found, err
}

// ListListings implements ledger.Listings.
func (s *Store) ListListings(ctx context.Context, list, afterKey string, limit int) (all []touch.Listing, err error) {
	err = s.look(ctx, func(c *conn) error {
		all, err = readDocs[touch.Listing](c, `SELECT doc FROM listings WHERE list = $1 AND key > $2 ORDER BY key, scope LIMIT $3`,
			list, afterKey, bound(limit, 100, 1000))
		return err
	})
	return all, err
}
