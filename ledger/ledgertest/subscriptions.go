package ledgertest

import (
	"fmt"
	"strings"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testSubscriptions(k *kit) {
	a := ledger.Subscription{ID: "a", Caller: "acme", URL: "https://a.example", Secret: "s3cret", Kinds: []touch.EventKind{touch.EventSent}, CreatedAt: k.now(), Revision: 1}
	b := ledger.Subscription{ID: "b", Caller: "other", URL: "https://b.example", Cursor: 7, CreatedAt: k.now(), Revision: 1}
	k.must(k.ledger.Subscriptions.Create(k.ctx, a, 0))
	k.must(k.ledger.Subscriptions.Create(k.ctx, b, 0))
	stolen := a
	stolen.Caller = "thief"
	k.wantClass(touch.Conflict, k.ledger.Subscriptions.Create(k.ctx, stolen, 0))
	a.Cursor = 42
	a.Failures = 2
	a.NextAt = k.now().Add(time.Minute)
	a.Pending = &ledger.Delivery{ID: "a-50", After: 42, Through: 50, At: k.now()}
	a.Again = []ledger.Delivery{{ID: "a-42", Through: 42}}
	a.Calls = []ledger.WebhookCall{{Delivery: *a.Pending, CalledAt: k.now(), Took: time.Second, Status: 503}}
	saveProgress(k, a, 0, true)
	saveProgress(k, a, 0, false) // its cursor has moved on
	mine := listSubscriptions(k, "acme")
	k.wantEqual(mine, []ledger.Subscription{a})
	if mine[0].Secret != "s3cret" {
		k.t.Fatal("the secret is lost")
	}
	k.wantEqual([]any{mine[0].Pending, mine[0].Again, mine[0].Calls}, []any{a.Pending, a.Again, a.Calls})
	k.wantEqual(listSubscriptions(k, ""), []ledger.Subscription{a, b})
	k.wantClass(touch.NotFound, k.ledger.Subscriptions.End(k.ctx, "acme", "b", ledger.SubscriptionAct{At: k.now()}))
	k.must(k.ledger.Subscriptions.End(k.ctx, "acme", "a", ledger.SubscriptionAct{At: k.now()}))
	k.wantEqual(len(listSubscriptions(k, "acme")), 0)
	saveProgress(k, a, 42, false) // it has ended
}

func listSubscriptions(k *kit, caller string) []ledger.Subscription {
	k.t.Helper()
	all, err := k.ledger.Subscriptions.List(k.ctx, caller, "", 0)
	k.must(err)
	return all
}

func saveProgress(k *kit, s ledger.Subscription, from int64, want bool) {
	k.t.Helper()
	saved, err := k.ledger.Subscriptions.SaveProgress(k.ctx, &s, from)
	k.must(err)
	k.wantEqual(saved, want)
}

// testSubscriptionChanges: changes are told from deliveries, and each one
// leaves an event with its actor.
func testSubscriptionChanges(k *kit) {
	first, err := k.ledger.Subscriptions.Version(k.ctx)
	k.must(err)
	s := ledger.Subscription{ID: "a", Caller: "acme", Key: "k1", URL: "https://a.example/token", Secret: "one", CreatedAt: k.now(), Revision: 1}
	k.must(k.ledger.Subscriptions.Create(k.ctx, s, 1))
	second := s
	second.ID = "b"
	k.wantClass(touch.Conflict, k.ledger.Subscriptions.Create(k.ctx, second, 1))

	by := ledger.SubscriptionAct{Actor: "k2", At: k.now(), Reason: "moved"}
	changed, err := k.ledger.Subscriptions.Change(k.ctx, "acme", "a", by, func(s *ledger.Subscription) error {
		s.URL = "https://b.example/token"
		s.Secret = "two"
		s.Previous = []ledger.PastSecret{{Secret: "one", Until: k.now()}}
		return nil
	})
	k.must(err)
	saveProgress(k, s, 0, false) // of an older revision
	saveProgress(k, *changed, 0, true)
	got, err := k.ledger.Subscriptions.Get(k.ctx, "", "a")
	k.must(err)
	k.wantEqual([]any{got.URL, got.Secret, got.Previous, got.Revision}, []any{"https://b.example/token", "two", changed.Previous, 2})
	_, err = k.ledger.Subscriptions.Change(k.ctx, "other", "a", by, func(*ledger.Subscription) error { return nil })
	k.wantClass(touch.NotFound, err)

	old := ledger.SubscriptionAct{Actor: "webhooks", At: k.now(), Reason: "gone", Revision: 1}
	k.wantClass(touch.Conflict, k.ledger.Subscriptions.End(k.ctx, "", "a", old))
	old.Revision = 2
	k.must(k.ledger.Subscriptions.End(k.ctx, "", "a", old))
	last, err := k.ledger.Subscriptions.Version(k.ctx)
	k.must(err)
	if last < first+3 {
		k.t.Errorf("three changes raised the version from %d to %d", first, last)
	}

	events, err := k.ledger.Events.List(k.ctx, "acme", 0, 10)
	k.must(err)
	var told []string
	for _, e := range events {
		told = append(told, string(e.Kind)+" by "+e.Actor)
		if strings.Contains(e.Reason, "token") || !strings.Contains(e.Reason, ".example") {
			k.t.Errorf("the journal should name the host and no more: %q", e.Reason)
		}
	}
	k.wantEqual(told, []string{"subscription.changed by k1", "subscription.changed by k2", "subscription.ended by webhooks"})
}

// testSubscriptionsEndWithKey: revoking a key ends what it made, and a node that
// trusts the key for some seconds more can make nothing with it.
func testSubscriptionsEndWithKey(k *kit) {
	for _, id := range []string{"k1", "k2"} {
		k.must(k.ledger.Keys.Put(k.ctx, ledger.APIKey{ID: id, Caller: "acme", CreatedAt: k.now()}))
	}
	for id, key := range map[string]string{"a": "k1", "b": "k1", "c": "k2", "d": ""} {
		k.must(k.ledger.Subscriptions.Create(k.ctx, ledger.Subscription{ID: id, Caller: "acme", Key: key, CreatedAt: k.now()}, 0))
	}
	adopt := func(s *ledger.Subscription) error { s.Key = "k2"; return nil }
	_, err := k.ledger.Subscriptions.Change(k.ctx, "acme", "b", ledger.SubscriptionAct{Actor: "k2", At: k.now()}, adopt)
	k.must(err)
	k.must(k.ledger.Keys.Revoke(k.ctx, "k1", "ops", k.now()))
	var left []string
	for _, s := range listSubscriptions(k, "acme") {
		left = append(left, s.ID)
	}
	k.wantEqual(left, []string{"b", "c", "d"})
	k.wantClass(touch.Unauthenticated, k.ledger.Subscriptions.Create(k.ctx, ledger.Subscription{ID: "e", Caller: "acme", Key: "k1"}, 0))
	back := func(s *ledger.Subscription) error { s.Key = "k1"; return nil }
	_, err = k.ledger.Subscriptions.Change(k.ctx, "acme", "b", ledger.SubscriptionAct{At: k.now()}, back)
	k.wantClass(touch.Unauthenticated, err)
	events, err := k.ledger.Events.List(k.ctx, "acme", 0, 100)
	k.must(err)
	if last := events[len(events)-1]; last.Kind != touch.EventSubscriptionEnded || !strings.Contains(last.Reason, "k1") {
		k.t.Errorf("the caller hears %+v", last)
	}
}

// testSubscriptionPages lists many in pages.
func testSubscriptionPages(k *kit) {
	for i := range 25 {
		caller := []string{"acme", "other"}[i%2]
		k.must(k.ledger.Subscriptions.Create(k.ctx, ledger.Subscription{ID: fmt.Sprintf("s%02d", i), Caller: caller}, 0))
	}
	for caller, want := range map[string]int{"": 25, "acme": 13, "other": 12} {
		after := ""
		seen := 0
		for {
			page, err := k.ledger.Subscriptions.List(k.ctx, caller, after, 4)
			k.must(err)
			if len(page) == 0 {
				break
			}
			for _, s := range page {
				if s.ID <= after {
					k.t.Fatalf("%s after %s", s.ID, after)
				}
				after = s.ID
				seen++
			}
		}
		k.wantEqual(seen, want)
	}
}
