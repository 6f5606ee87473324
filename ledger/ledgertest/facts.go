package ledgertest

import (
	"fmt"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testCustomers(k *kit) {
	profile := touch.Customer{
		ID: "c1", Zones: []string{"Asia/Shanghai"}, Jurisdictions: []string{"cn"}, Addresses: map[touch.Channel]string{touch.SMS: "+86"},
		Tags: []string{"vip"}, Preferences: map[string]string{"quiet": "22:00-07:00"}, Attributes: map[string]any{"age": 42.0, "gold": true},
	}
	at := k.now()
	k.must(k.Customers.AddConsents(k.ctx, []ledger.CustomerConsent{
		{Customer: "c1", Consent: touch.Consent{Scope: "marketing", Granted: true, At: at}},
		{Customer: "c2", Consent: touch.Consent{Scope: "marketing:sms", At: at}},
		{Customer: "c1", Consent: touch.Consent{Scope: "marketing", At: at.Add(-time.Hour), Evidence: "doc 7"}},
	}, "me"))
	k.must(k.Customers.Put(k.ctx, []touch.Customer{profile, {ID: "c3"}}, "me", at))
	outcome := ledger.CustomerOutcome{Customer: "c1", Outcome: touch.Outcome{Kind: touch.OutcomeNoAnswer, At: at, Touch: touch.NewID("a", "b")}}
	k.must(k.Customers.AddOutcomes(k.ctx, []ledger.CustomerOutcome{outcome, outcome}, "me"))
	k.must(k.Customers.AddOutcomes(k.ctx, []ledger.CustomerOutcome{outcome}, "me"))
	got, err := k.Customers.Get(k.ctx, []string{"c1", "c2", "c3", "c4"})
	k.must(err)
	if len(got) != 3 {
		k.Fatalf("%+v", got)
	}
	want := profile
	want.Version = 3 // consents, the profile, one outcome
	want.Consents = []touch.Consent{{Scope: "marketing", At: at.Add(-time.Hour), Evidence: "doc 7"}, {Scope: "marketing", Granted: true, At: at}}
	want.Outcomes = []touch.Outcome{outcome.Outcome}
	k.equal(got["c1"], want)
	k.must(k.Customers.Put(k.ctx, []touch.Customer{{ID: "c1", Consents: []touch.Consent{{Scope: "forged", Granted: true}}}}, "me", at))
	got, err = k.Customers.Get(k.ctx, []string{"c1"})
	k.must(err)
	k.equal(got["c1"], touch.Customer{ID: "c1", Version: 4, Consents: want.Consents, Outcomes: want.Outcomes})
	k.class(touch.Invalid, k.Customers.Put(k.ctx, []touch.Customer{{ID: ""}}, "me", at))
	k.class(touch.Invalid, k.Customers.Put(k.ctx, []touch.Customer{{ID: "c9"}, {ID: "c9"}}, "me", at))
	k.class(touch.Invalid, k.Customers.AddConsents(k.ctx, []ledger.CustomerConsent{{}}, "me"))
	// Concurrent additions to one customer are all kept.
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c := ledger.CustomerConsent{Customer: "c5", Consent: touch.Consent{Scope: fmt.Sprint("s", i), Granted: true, At: at}}
			if err := k.Customers.AddConsents(k.ctx, []ledger.CustomerConsent{c}, "me"); err != nil {
				k.Error(err)
			}
		})
	}
	wg.Wait()
	got, err = k.Customers.Get(k.ctx, []string{"c5"})
	k.must(err)
	k.equal([]any{len(got["c5"].Consents), got["c5"].Version}, []any{20, 20})
	events, err := k.Events.List(k.ctx, "", 0, 1000)
	k.must(err)
	if len(events) != 3+2+1+1+20 || events[0].Customer == "" || events[0].Actor != "me" {
		k.Fatalf("%d events: %+v", len(events), events[0])
	}
}

func testListings(k *kit) {
	at := k.now()
	key := touch.AddressKey(touch.SMS, "+8613800000000")
	own := touch.Listing{List: touch.Suppression, Key: key, Since: at, Scope: "marketing", Owner: "o", Reason: "r"}
	ends := touch.Listing{List: "national-dnc", Key: key, Since: at, Until: ptr(at.Add(time.Hour)), CheckedAt: ptr(at)}
	other := touch.Listing{List: touch.Suppression, Key: touch.CustomerKey("c1"), Since: at}
	k.must(k.Listings.Put(k.ctx, []touch.Listing{own, ends, other, own}, "me", at))
	live := func(want ...touch.Listing) {
		k.Helper()
		got, err := k.Listings.Live(k.ctx, []string{key, "none"}, k.now())
		k.must(err)
		k.equal(got[key], want)
	}
	live(ends, own)
	own.Reason = "changed"
	k.must(k.Listings.Put(k.ctx, []touch.Listing{own}, "me", at))
	live(ends, own)
	k.pass(time.Hour)
	live(own)
	k.class(touch.NotFound, k.Listings.End(k.ctx, touch.Suppression, key, "service", "me", k.now()))
	k.class(touch.NotFound, k.Listings.End(k.ctx, "national-dnc", key, "", "me", k.now())) // over already
	page, err := k.Listings.List(k.ctx, touch.Suppression, "", 1)
	k.must(err)
	k.equal(page, []touch.Listing{other})
	page, err = k.Listings.List(k.ctx, touch.Suppression, page[0].Key, 10)
	k.must(err)
	k.equal(page, []touch.Listing{own})
	k.must(k.Listings.End(k.ctx, touch.Suppression, key, "marketing", "me", k.now()))
	live()
}

func testTemplates(k *kit) {
	t := ledger.Template{
		Name: "offer", Variables: []ledger.TemplateVariable{{Name: "amount"}},
		Content: map[touch.Channel]touch.Content{"": {Body: "${amount}"}}, Duties: []string{"opt_out_text"},
	}
	put := func(want int) {
		k.Helper()
		got, err := k.Templates.Put(k.ctx, t, "me", k.now())
		k.must(err)
		k.equal(got, want)
	}
	put(1)
	k.pass(time.Second)
	put(1)
	t.Content[""] = touch.Content{Body: "new ${amount}"}
	put(2)
	one, err := k.Templates.Get(k.ctx, "offer", 1)
	k.must(err)
	k.equal([]any{one.Version, one.CreatedBy, one.CreatedAt, one.Content[""].Body}, []any{1, "me", start, "${amount}"})
	latest, err := k.Templates.Get(k.ctx, "offer", 0)
	k.must(err)
	k.equal(latest.Version, 2)
	t.Content[""] = touch.Content{Body: "${amount}"}
	put(3) // what was once is a new version after another
	t.Name = "another"
	put(1)
	all, err := k.Templates.List(k.ctx)
	k.must(err)
	k.equal([]any{len(all), all[0].Name, all[1].Version}, []any{2, "another", 3})
	_, err = k.Templates.Get(k.ctx, "offer", 9)
	k.class(touch.NotFound, err)
	_, err = k.Templates.Get(k.ctx, "none", 0)
	k.class(touch.NotFound, err)
}

func (k *kit) item(id string, change func(*touch.Item)) touch.Item {
	item := touch.Item{
		ID: id, Channel: touch.Inbox, Customer: "c1", Category: touch.Service, State: touch.ItemUnread,
		Content: touch.Content{Title: id, Placement: "home"}, CreatedAt: k.now(), UpdatedAt: k.now(),
	}
	if change != nil {
		change(&item)
	}
	return item
}

// list insists on the items that a filter shows, over all pages.
func (k *kit) list(f ledger.ItemFilter, want ...string) {
	k.Helper()
	var got []string
	for {
		items, next, err := k.Items.List(k.ctx, f)
		k.must(err)
		for _, item := range items {
			got = append(got, item.ID)
		}
		if f.Cursor = next; next == "" {
			break
		}
	}
	k.equal(got, want)
	f.Cursor = ""
	n, err := k.Items.Count(k.ctx, f)
	k.must(err)
	k.equal(n, len(want))
}

func testItems(k *kit) {
	a := k.item("a", nil)
	k.pass(time.Second)
	b := k.item("b", func(i *touch.Item) { i.ExpiresAt = ptr(k.now().Add(time.Minute)); i.Content.Placement = "pay" })
	c := k.item("c", func(i *touch.Item) { i.Channel, i.MaxShows = touch.Popup, 3 })
	k.must(k.Items.Put(k.ctx, []touch.Item{a, b, c, k.item("d", func(i *touch.Item) { i.Customer = "c2" }), a}))
	k.must(k.Items.Put(k.ctx, []touch.Item{k.item("a", func(i *touch.Item) { i.Customer = "thief" })}))
	k.list(ledger.ItemFilter{Customer: "c1", Limit: 2}, "c", "b", "a")
	k.list(ledger.ItemFilter{Customer: "c1", Limit: 1}, "c", "b", "a")
	k.list(ledger.ItemFilter{Customer: "c1", Channel: touch.Inbox, Placement: "home"}, "a")
	k.list(ledger.ItemFilter{Customer: "c1", LiveAt: k.now().Add(time.Minute)}, "c", "a")
	k.list(ledger.ItemFilter{Customer: "c1", States: []touch.ItemState{touch.ItemRead, touch.ItemDismissed}})
	got, err := k.Items.Get(k.ctx, "c")
	k.must(err)
	got.State, got.Shown = touch.ItemRead, 1
	k.must(k.Items.Update(k.ctx, *got))
	k.class(touch.Conflict, k.Items.Update(k.ctx, *got))
	again, err := k.Items.Get(k.ctx, "c")
	k.must(err)
	k.equal([]any{again.Version, again.State, again.Shown}, []any{got.Version + 1, touch.ItemRead, 1})
	k.list(ledger.ItemFilter{Customer: "c1", States: []touch.ItemState{touch.ItemRead, touch.ItemDismissed}}, "c")
	k.class(touch.NotFound, k.Items.Update(k.ctx, k.item("none", nil)))
	_, err = k.Items.Get(k.ctx, "none")
	k.class(touch.NotFound, err)
	_, _, err = k.Items.List(k.ctx, ledger.ItemFilter{Cursor: "!"})
	k.class(touch.Invalid, err)
}

func testTasks(k *kit) {
	task := func(id string, due time.Duration, assign touch.Assignee) touch.Item {
		return k.item(id, func(i *touch.Item) {
			i.Channel, i.State, i.Assignee = touch.RMTask, touch.TaskOpen, &assign
			if due != 0 {
				i.DueAt = ptr(k.now().Add(due))
			}
		})
	}
	k.must(k.Items.Put(k.ctx, []touch.Item{
		task("late", 3*time.Hour, touch.Assignee{Queue: "q"}), task("soon", time.Hour, touch.Assignee{Manager: "m"}),
		task("never", 0, touch.Assignee{Branch: "b"}), task("next", 2*time.Hour, touch.Assignee{Queue: "q"}),
	}))
	k.list(ledger.ItemFilter{Channel: touch.RMTask, Limit: 1}, "soon", "next", "late", "never")
	k.list(ledger.ItemFilter{Channel: touch.RMTask, Queue: "q"}, "next", "late")
	k.list(ledger.ItemFilter{Channel: touch.RMTask, Branch: "b"}, "never")
	overdue := ledger.ItemFilter{Channel: touch.RMTask, DueBefore: k.now().Add(150 * time.Minute), NotEscalated: true}
	k.list(overdue, "soon", "next")
	next, err := k.Items.Get(k.ctx, "next")
	k.must(err)
	next.State, next.ClaimedBy, next.Escalated = touch.TaskClaimed, "m", true
	k.must(k.Items.Update(k.ctx, *next))
	k.list(overdue, "soon")
	k.list(ledger.ItemFilter{Channel: touch.RMTask, Manager: "m"}, "soon", "next")
}

func testKeys(k *kit) {
	key := ledger.APIKey{ID: "k1", Hash: [32]byte{1, 2}, Caller: "acme", Scopes: []string{"submit"}, CreatedAt: k.now()}
	k.must(k.Keys.Put(k.ctx, key))
	k.class(touch.Conflict, k.Keys.Put(k.ctx, key))
	got, err := k.Keys.Get(k.ctx, "k1")
	k.must(err)
	k.equal(got, key)
	if got.Hash != key.Hash {
		k.Fatal("the hash is lost")
	}
	_, err = k.Keys.Get(k.ctx, "k2")
	k.class(touch.NotFound, err)
	k.class(touch.NotFound, k.Keys.Revoke(k.ctx, "k2", k.now()))
	at := k.now()
	k.must(k.Keys.Revoke(k.ctx, "k1", at))
	k.pass(time.Hour)
	k.must(k.Keys.Revoke(k.ctx, "k1", k.now()))
	all, err := k.Keys.List(k.ctx)
	k.must(err)
	if len(all) != 1 || all[0].RevokedAt == nil || !all[0].RevokedAt.Equal(at) {
		k.Fatalf("%+v", all)
	}
}

func testSubscriptions(k *kit) {
	a := ledger.Subscription{ID: "a", Caller: "acme", URL: "https://a.example", Secret: "s3cret", Kinds: []touch.EventKind{touch.EventSent}, CreatedAt: k.now()}
	b := ledger.Subscription{ID: "b", Caller: "other", URL: "https://b.example", Cursor: 7, CreatedAt: k.now()}
	k.must(k.Subscriptions.Put(k.ctx, a))
	k.must(k.Subscriptions.Put(k.ctx, b))
	stolen := a
	stolen.Caller = "thief"
	k.class(touch.Conflict, k.Subscriptions.Put(k.ctx, stolen))
	next := k.now().Add(time.Minute)
	k.must(k.Subscriptions.SaveCursor(k.ctx, "a", 42, 2, next))
	mine, err := k.Subscriptions.List(k.ctx, "acme")
	k.must(err)
	a.Cursor, a.Failures, a.NextAt = 42, 2, next
	k.equal(mine, []ledger.Subscription{a})
	if mine[0].Secret != "s3cret" {
		k.Fatal("the secret is lost")
	}
	all, err := k.Subscriptions.List(k.ctx, "")
	k.must(err)
	k.equal(all, []ledger.Subscription{a, b})
	k.class(touch.NotFound, k.Subscriptions.Delete(k.ctx, "acme", "b"))
	k.must(k.Subscriptions.Delete(k.ctx, "acme", "a"))
	mine, err = k.Subscriptions.List(k.ctx, "acme")
	k.must(err)
	k.equal(len(mine), 0)
}
