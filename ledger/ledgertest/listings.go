package ledgertest

import (
	"time"

	"touchgate.dev/touch"
)

func testListings(k *kit) {
	at := k.now()
	key := touch.AddressKey(touch.SMS, "+8613800000000")
	own := touch.Listing{List: touch.Suppression, Key: key, Since: at, Scope: "marketing", Owner: "o", Reason: "r"}
	ends := touch.Listing{List: "national-dnc", Key: key, Since: at, Until: ptr(at.Add(time.Hour)), CheckedAt: ptr(at)}
	other := touch.Listing{List: touch.Suppression, Key: touch.CustomerKey("c1"), Since: at}
	k.must(k.ledger.Listings.Put(k.ctx, []touch.Listing{own, ends, other, own}, "me", at))
	live := func(want ...touch.Listing) {
		k.t.Helper()
		got, err := k.ledger.Listings.Live(k.ctx, []string{key, "none"}, k.now())
		k.must(err)
		k.wantEqual(got[key], want)
	}
	live(ends, own)
	own.Reason = "changed"
	k.must(k.ledger.Listings.Put(k.ctx, []touch.Listing{own}, "me", at))
	live(ends, own)
	k.advance(time.Hour)
	live(own)
	k.wantClass(touch.NotFound, k.ledger.Listings.End(k.ctx, touch.Suppression, key, "service", "me", k.now()))
	k.wantClass(touch.NotFound, k.ledger.Listings.End(k.ctx, "national-dnc", key, "", "me", k.now())) // it has ended already
	page, err := k.ledger.Listings.List(k.ctx, touch.Suppression, "", 1)
	k.must(err)
	k.wantEqual(page, []touch.Listing{other})
	page, err = k.ledger.Listings.List(k.ctx, touch.Suppression, page[0].Key, 10)
	k.must(err)
	k.wantEqual(page, []touch.Listing{own})
	k.must(k.ledger.Listings.End(k.ctx, touch.Suppression, key, "marketing", "me", k.now()))
	live()
}
