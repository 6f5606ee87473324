package ledgertest

import (
	"fmt"
	"time"

	"touchgate.dev/ledger"
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
	page, err := k.ledger.Listings.List(k.ctx, touch.Suppression, ledger.ListingCursor{}, 1)
	k.must(err)
	k.wantEqual(page, []touch.Listing{other})
	page, err = k.ledger.Listings.List(k.ctx, touch.Suppression, ledger.CursorOf(&page[0]), 10)
	k.must(err)
	k.wantEqual(page, []touch.Listing{own})
	k.must(k.ledger.Listings.End(k.ctx, touch.Suppression, key, "marketing", "me", k.now()))
	live()
}

// testListingPages holds that pages of any size list every entry once, also where
// one customer is listed in several scopes, and where entries are added and taken
// off meanwhile: those that stay are never lost.
func testListingPages(k *kit) {
	at := k.now()
	scopes := []string{"", "collection", "marketing", "marketing:sms", "service"}
	entry := func(list string, customer, scope int) touch.Listing {
		return touch.Listing{
			List: list, Key: touch.CustomerKey(fmt.Sprintf("p%02d", customer)), Scope: scopes[scope], Since: at, Owner: "o", Reason: "r",
		}
	}
	for size := 1; size <= 7; size++ {
		list := fmt.Sprintf("pages-%d", size)
		var stay []touch.Listing
		for customer := range 6 {
			for scope := range scopes {
				if (customer+scope)%3 != 0 {
					stay = append(stay, entry(list, 2*customer, scope))
				}
			}
		}
		gone := entry(list, 11, 0)
		k.must(k.ledger.Listings.Put(k.ctx, append([]touch.Listing{gone}, stay...), "me", at))

		seen := map[ledger.ListingCursor]int{}
		var after ledger.ListingCursor
		for turn := 0; ; turn++ {
			page, err := k.ledger.Listings.List(k.ctx, list, after, size)
			k.must(err)
			for i := range page {
				seen[ledger.CursorOf(&page[i])]++
			}
			if len(page) < size {
				break
			}
			after = ledger.CursorOf(&page[len(page)-1])
			k.must(k.ledger.Listings.Put(k.ctx, []touch.Listing{entry(list, 2*(turn%6)+1, turn%len(scopes))}, "me", at))
			if turn == 1 {
				k.must(k.ledger.Listings.End(k.ctx, list, gone.Key, gone.Scope, "me", at))
			}
		}
		for i := range stay {
			if n := seen[ledger.CursorOf(&stay[i])]; n != 1 {
				k.t.Errorf("pages of %d: %s in scope %q came %d times", size, stay[i].Key, stay[i].Scope, n)
			}
		}
	}
}
