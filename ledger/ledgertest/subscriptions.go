package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testSubscriptions(k *kit) {
	a := ledger.Subscription{ID: "a", Caller: "acme", URL: "https://a.example", Secret: "s3cret", Kinds: []touch.EventKind{touch.EventSent}, CreatedAt: k.now()}
	b := ledger.Subscription{ID: "b", Caller: "other", URL: "https://b.example", Cursor: 7, CreatedAt: k.now()}
	k.must(k.ledger.Subscriptions.Put(k.ctx, a))
	k.must(k.ledger.Subscriptions.Put(k.ctx, b))
	stolen := a
	stolen.Caller = "thief"
	k.wantClass(touch.Conflict, k.ledger.Subscriptions.Put(k.ctx, stolen))
	next := k.now().Add(time.Minute)
	k.must(k.ledger.Subscriptions.SaveCursor(k.ctx, "a", 42, 2, next))
	mine, err := k.ledger.Subscriptions.List(k.ctx, "acme")
	k.must(err)
	a.Cursor = 42
	a.Failures = 2
	a.NextAt = next
	k.wantEqual(mine, []ledger.Subscription{a})
	if mine[0].Secret != "s3cret" {
		k.t.Fatal("the secret is lost")
	}
	all, err := k.ledger.Subscriptions.List(k.ctx, "")
	k.must(err)
	k.wantEqual(all, []ledger.Subscription{a, b})
	k.wantClass(touch.NotFound, k.ledger.Subscriptions.Delete(k.ctx, "acme", "b"))
	k.must(k.ledger.Subscriptions.Delete(k.ctx, "acme", "a"))
	mine, err = k.ledger.Subscriptions.List(k.ctx, "acme")
	k.must(err)
	k.wantEqual(len(mine), 0)
}
