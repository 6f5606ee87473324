package ledgertest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/touch"
)

func testCounts(k *kit) {
	_, err := k.Campaigns.Get(k.ctx, "acme", "nov")
	k.class(touch.NotFound, err)
	k.accept(k.touches(3)...)
	k.accept(k.touch(func(n *ledger.NewTouch) { n.State, n.Reason = touch.StateCapped, "weekly" }))
	k.accept(k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "" }))
	view, err := k.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.equal(view, ledger.CampaignView{Campaign: "nov", Status: ledger.CampaignRunning, Counts: []ledger.CampaignCount{
		{State: touch.StateCapped, Reason: "weekly", Count: 1}, {State: touch.StateDue, Count: 3},
	}})
	_, err = k.Campaigns.Get(k.ctx, "other", "nov")
	k.class(touch.NotFound, err)
	k.deliver(bulk, 4)
	view, err = k.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.equal(view.Counts, []ledger.CampaignCount{{State: touch.StateCapped, Reason: "weekly", Count: 1}, {State: touch.StateSent, Count: 3}})
	k.recount()
}

func testTouchesListed(k *kit) {
	all := k.touches(5)
	all[1] = k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "dec" })
	all[2] = k.touch(func(n *ledger.NewTouch) { n.Touch.Caller, n.Touch.ID = "other", touch.NewID("other", n.Touch.Key) })
	all[3] = k.touch(func(n *ledger.NewTouch) { n.State, n.Reason = touch.StateRefused, "no" })
	k.accept(all...)
	list := func(f ledger.TouchFilter, want ...int) {
		k.Helper()
		views, next, err := k.Touches.List(k.ctx, f)
		k.must(err)
		var got []string
		for _, v := range views {
			got = append(got, v.Touch.Key)
			if len(v.Events) > 0 {
				k.Fatal("a list holds events")
			}
		}
		var keys []string
		for _, i := range want {
			keys = append(keys, all[i].Touch.Key)
		}
		k.equal(got, keys)
		if more := f.Limit == 2 && len(want) == 2; more != (next != 0) {
			k.Fatalf("next is %d", next)
		}
	}
	list(ledger.TouchFilter{}, 0, 1, 2, 3, 4)
	list(ledger.TouchFilter{Caller: "acme"}, 0, 1, 3, 4)
	list(ledger.TouchFilter{Campaign: "nov"}, 0, 2, 3, 4)
	list(ledger.TouchFilter{Caller: "acme", Campaign: "dec"}, 1)
	list(ledger.TouchFilter{State: touch.StateRefused}, 3)
	list(ledger.TouchFilter{Customer: all[4].Touch.Customer}, 4)
	list(ledger.TouchFilter{Caller: "nobody"})
	list(ledger.TouchFilter{Limit: 2}, 0, 1)
	list(ledger.TouchFilter{Limit: 2, After: k.view(all[1]).Progress.Seq}, 2, 3)
	list(ledger.TouchFilter{Limit: 2, After: k.view(all[3]).Progress.Seq}, 4)
	_, err := k.Touches.Get(k.ctx, "other", all[0].Touch.ID)
	k.class(touch.NotFound, err)
}

func testPastContacts(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Touch.Plan[0].Template = "c1", "offer" })
	m := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Touch.Subject = "c1", "card" })
	idle := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Due = "c1", k.now().Add(5*time.Hour) })
	k.accept(n)
	k.deliver(bulk, 1)
	first := k.now()
	k.pass(time.Hour)
	k.accept(m, idle)
	seg := k.take(bulk, 1)
	contacts := func(since time.Time) []ledger.PastContact {
		k.Helper()
		got, err := k.Contacts.Since(k.ctx, []string{"c1", "c2"}, since)
		k.must(err)
		if len(got["c2"]) > 0 {
			k.Fatalf("%+v", got)
		}
		return got["c1"]
	}
	made := ledger.PastContact{
		Contact: ledger.Contact{Leg: 0, Channel: touch.SMS, At: first, Kind: touch.ContactAttempt},
		Touch:   n.Touch.ID, Category: touch.Marketing, Subject: "loan", Campaign: "nov", Caller: "acme", Address: "+8613800000000", Template: "offer",
	}
	k.equal(contacts(first), []ledger.PastContact{made})
	k.intend(seg)
	pending := made
	pending.Contact = ledger.Contact{Channel: touch.SMS, At: k.now()}
	pending.Touch, pending.Subject, pending.Template, pending.Pending = m.Touch.ID, "card", "", true
	k.equal(contacts(first), []ledger.PastContact{made, pending})
	k.equal(contacts(k.now().Add(time.Hour)), []ledger.PastContact{pending}) // a pending one never ages
	// So is one of unknown outcome, until that is known.
	tr := k.sent(seg.Touches[0])
	tr.To, tr.Due, tr.Lane, tr.Events = touch.StateUnknown, k.now(), bulk, nil
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	pending.Kind = touch.ContactAttempt
	k.equal(contacts(k.now().Add(time.Hour)), []ledger.PastContact{pending})
	tr = k.sent(seg.Touches[0])
	tr.Version = k.view(m).Progress.Version
	k.must(k.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	pending.Pending = false
	k.equal(contacts(first.Add(time.Microsecond)), []ledger.PastContact{pending})
	// A known non-send leaves no contact.
	tr = ledger.Transition{Seq: seg.Touches[0].Progress.Seq, Version: k.view(m).Progress.Version, To: touch.StateFailed, DropContact: true}
	k.must(k.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	k.equal(contacts(first), []ledger.PastContact{made})
	// A receipt of what is still intended says that it was made: one contact.
	again := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Touch.Subject = "c1", "card" })
	k.accept(again)
	k.intend(k.take(bulk, 1))
	_, err := k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(again.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	if got := contacts(first); len(got) != 2 || got[1].Touch != again.Touch.ID || got[1].Pending || got[1].Kind != touch.ContactDelivered {
		k.Fatalf("%+v", got)
	}
}

// testContacted: whoever was contacted, or may be just now, is named once.
func testContacted(k *kit) {
	named := func(limit int, want ...string) {
		k.Helper()
		var all []string
		for after := ""; ; {
			page, err := k.Contacts.ContactedCustomers(k.ctx, after, limit)
			k.must(err)
			if len(page) == 0 {
				break
			}
			if len(page) > limit {
				k.Fatalf("%d customers on a page of %d", len(page), limit)
			}
			all, after = append(all, page...), page[len(page)-1]
		}
		slices.Sort(all)
		k.equal(all, want)
	}
	of := func(customer string) ledger.NewTouch {
		return k.touch(func(n *ledger.NewTouch) { n.Touch.Customer = customer })
	}
	named(2)
	k.accept(of("b"), of("B"), of("b"))
	k.deliver(bulk, 3)
	named(1, "B", "b")
	k.accept(of("a"), of("é"), of("c"))
	waits := of("waits")
	waits.Due = k.now().Add(time.Hour)
	k.accept(waits)
	ref, n, ok, err := k.Work.Feed(k.ctx, bulk, k.now(), 2) // two of three, so that their wait is split
	k.must(err)
	if n != 2 || !ok {
		k.Fatalf("fed %d", n)
	}
	k.intend(k.claim(ref))
	k.pass(time.Minute)
	k.deliver(bulk, 1)
	named(2, "B", "a", "b", "c", "é")
	named(1000, "B", "a", "b", "c", "é")
}

func testEvents(k *kit) {
	k.accept(k.touches(3)...)
	other := k.touch(func(n *ledger.NewTouch) { n.Touch.Caller, n.Touch.ID = "other", touch.NewID("other", n.Touch.Key) })
	k.accept(other)
	k.deliver(bulk, 4)
	all, err := k.Events.List(k.ctx, "", 0, 100)
	k.must(err)
	if len(all) != 8 {
		k.Fatalf("%d events", len(all))
	}
	var paged []touch.Event
	for after := int64(0); ; {
		page, err := k.Events.List(k.ctx, "", after, 3)
		k.must(err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq <= after {
				k.Fatal("the feed does not rise")
			}
			after = e.Seq
		}
		paged = append(paged, page...)
	}
	k.equal(paged, all)
	others, err := k.Events.List(k.ctx, "other", 0, 100)
	k.must(err)
	if len(others) != 2 || others[0].Touch != other.Touch.ID || others[1].Kind != touch.EventSent {
		k.Fatalf("%+v", others)
	}
	if none, err := k.Events.List(k.ctx, "nobody", 0, 100); err != nil || len(none) > 0 {
		k.Fatal(none, err)
	}
	v := k.view(other)
	k.equal(v.Events, others)
	k.verify()
}

// verify checks the chain of the journal.
func (k *kit) verify() {
	k.Helper()
	head, err := audit.Check(k.ctx, k.Ledger.Journal, nil, nil)
	k.must(err)
	if head.Records == 0 {
		k.Fatal("the journal is empty")
	}
}

// testEventsComplete: a reader who follows the feed misses nothing that
// concurrent writers commit, and sees it in order.
func testEventsComplete(k *kit) {
	const writers, each = 8, 30
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if _, _, err := k.Intake.Accept(k.ctx, k.touches(3)); err != nil {
					k.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := map[touch.ID]bool{}
	var after int64
	for last := false; ; {
		page, err := k.Events.List(k.ctx, "acme", after, 50)
		k.must(err)
		for _, e := range page {
			if e.Seq <= after || seen[e.Touch] {
				k.Fatalf("event %d after %d, of touch %v", e.Seq, after, e.Touch)
			}
			after, seen[e.Touch] = e.Seq, true
		}
		if len(page) > 0 {
			continue
		}
		if last {
			break
		}
		select {
		case <-done:
			last = true // read once more what came meanwhile
		default:
		}
	}
	if want := writers * each * 3; len(seen) != want {
		k.Fatalf("the feed showed %d of %d touches", len(seen), want)
	}
	k.verify()
	k.recount()
}

func testBadText(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "a\x00b\xff" })
	answers, _, err := k.Intake.Accept(k.ctx, []ledger.NewTouch{n})
	switch touch.ClassOf(err) {
	case touch.Invalid: // a store may refuse such a text, but not with a fault of its own
	case "":
		k.equal(k.view(n).Touch.Campaign, n.Touch.Campaign)
		k.equal(answers[0].New, true)
	default:
		k.Fatal(fmt.Sprint(err, unwrap(err)))
	}
}

func testClosed(k *kit) {
	k.must(k.Ping(k.ctx))
	n := k.touch()
	k.accept(n)
	k.must(k.Close())
	k.class(touch.Unavailable, k.Ping(k.ctx))
	_, err := k.Touches.Get(k.ctx, "", n.Touch.ID)
	k.class(touch.Unavailable, err)
	_, _, err = k.Intake.Accept(k.ctx, k.touches(1))
	k.class(touch.Unavailable, err)
}

func testContextEnded(k *kit) {
	ctx, stop := context.WithCancel(k.ctx)
	stop()
	n := k.touch()
	_, _, err := k.Intake.Accept(ctx, []ledger.NewTouch{n})
	k.class(touch.Unavailable, err)
	_, err = k.Touches.Get(ctx, "", n.Touch.ID)
	k.class(touch.Unavailable, err)
	_, err = k.Touches.Get(k.ctx, "", n.Touch.ID)
	k.class(touch.NotFound, err)
}
