package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// listingRow is an entry of a list with the document already encoded.
type listingRow struct {
	*touch.Listing
	doc []byte
}

var listingColumns = sqldb.Columns[listingRow]{
	sqldb.Text("list", func(r listingRow) string { return r.List }),
	sqldb.Text("key", func(r listingRow) string { return r.Key }),
	sqldb.Text("scope", func(r listingRow) string { return r.Scope }),
	sqldb.Int("until", func(r listingRow) int64 { return optMicros(r.Until) }),
	sqldb.Blob("doc", func(r listingRow) []byte { return r.doc }),
}

var insertListings = sqldb.NewInsert("listings", listingColumns,
	"(list, key, scope) DO UPDATE SET "+listingColumns.Excluded("list", "key", "scope"), "")

// isLive is the condition that an entry has not ended at the instant $n.
func isLive(n string) string { return `(until = 0 OR until > ` + n + `)` }

// Put implements ledger.Listings. When an entry comes twice, the later one holds.
func (s listingStore) Put(ctx context.Context, listings []touch.Listing, actor string, now time.Time) error {
	type key struct{ list, key, scope string }
	last := map[key]touch.Listing{}
	for _, l := range listings {
		last[key{l.List, l.Key, l.Scope}] = l
	}
	rows := make([]listingRow, 0, len(last))
	for _, l := range last {
		doc, err := marshal(l)
		if err != nil {
			return s.classify(err)
		}
		rows = append(rows, listingRow{Listing: &l, doc: doc})
	}

	return s.update(ctx, func(t *tx) error {
		insert(&t.conn, insertListings, rows)
		for _, r := range rows {
			// The event does not name the key, which may be an address.
			reason := "added to " + r.List
			if r.Owner != "" {
				reason += " by " + r.Owner + ": " + r.Reason
			}
			_, err := t.log([]touch.Event{{Kind: touch.EventListing, At: now, Actor: actor, Reason: reason}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// End implements ledger.Listings.
func (s listingStore) End(ctx context.Context, list, key, scope, actor string, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM listings WHERE list = $1 AND key = $2 AND scope = $3 AND `+isLive("$4"),
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

// Live implements ledger.Listings.
func (s listingStore) Live(ctx context.Context, keys []string, now time.Time) (map[string][]touch.Listing, error) {
	found := map[string][]touch.Listing{}
	if len(keys) == 0 {
		return found, nil
	}
	err := s.query(ctx, func(c *conn) error {
		all, err := queryDocs[touch.Listing](c, `SELECT doc FROM listings WHERE `+c.in("key", 1, sqldb.String)+
			` AND `+isLive("$2")+` ORDER BY list, key, scope`, c.array(keys), micros(now))
		for _, l := range all {
			found[l.Key] = append(found[l.Key], l)
		}
		return err
	})
	return found, err
}

// List implements ledger.Listings.
func (s listingStore) List(
	ctx context.Context, list string, after ledger.ListingCursor, limit int,
) (all []touch.Listing, err error) {
	err = s.query(ctx, func(c *conn) error {
		all, err = queryDocs[touch.Listing](c, `SELECT doc FROM listings
			WHERE list = $1 AND (key, scope) > ($2, $3) ORDER BY key, scope LIMIT $4`,
			list, after.Key, after.Scope, clampLimit(limit, 100, 1000))
		return err
	})
	return all, err
}
