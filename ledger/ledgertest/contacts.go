package ledgertest

import (
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testContactsSince(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Touch.Plan[0].Template = "c1", "offer" })
	m := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Touch.Subject = "c1", "card" })
	idle := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Due = "c1", k.now().Add(5*time.Hour) })
	k.accept(n)
	k.deliver(bulk, 1)
	first := k.now()
	k.advance(time.Hour)
	k.accept(m, idle)
	seg := k.feedAndClaim(bulk, 1)
	contacts := func(since time.Time) []ledger.PastContact {
		k.t.Helper()
		got, err := k.ledger.Contacts.Since(k.ctx, []string{"c1", "c2"}, since)
		k.must(err)
		if len(got["c2"]) > 0 {
			k.t.Fatalf("%+v", got)
		}
		return got["c1"]
	}
	made := ledger.PastContact{
		Contact: ledger.Contact{Leg: 0, Channel: touch.SMS, At: first, Kind: touch.ContactAttempt},
		Touch:   n.Touch.ID, Category: touch.Marketing, Subject: "loan", Campaign: "nov", Caller: "acme", Address: "+8613800000000", Template: "offer",
	}
	k.wantEqual(contacts(first), []ledger.PastContact{made})
	k.intend(seg)
	pending := made
	pending.Contact = ledger.Contact{Channel: touch.SMS, At: k.now()}
	pending.Touch = m.Touch.ID
	pending.Subject = "card"
	pending.Template = ""
	pending.Pending = true
	k.wantEqual(contacts(first), []ledger.PastContact{made, pending})
	k.wantEqual(contacts(k.now().Add(time.Hour)), []ledger.PastContact{pending}) // a pending contact never ages
	// A contact of unknown outcome is pending too, until the outcome is known.
	tr := k.sent(seg.Touches[0])
	tr.To = touch.StateUnknown
	tr.Due = k.now()
	tr.Lane = bulk
	tr.Events = nil
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	pending.Kind = touch.ContactAttempt
	k.wantEqual(contacts(k.now().Add(time.Hour)), []ledger.PastContact{pending})
	tr = k.sent(seg.Touches[0])
	tr.Version = k.view(m).Progress.Version
	k.must(k.ledger.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	pending.Pending = false
	k.wantEqual(contacts(first.Add(time.Microsecond)), []ledger.PastContact{pending})
	// A known non-send leaves no contact.
	tr = ledger.Transition{Seq: seg.Touches[0].Progress.Seq, Version: k.view(m).Progress.Version, To: touch.StateFailed, DropContact: true}
	k.must(k.ledger.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	k.wantEqual(contacts(first), []ledger.PastContact{made})
	// A receipt of a leg that is still intended: one contact, no longer pending.
	again := k.touch(func(n *ledger.NewTouch) { n.Touch.Customer, n.Touch.Subject = "c1", "card" })
	k.accept(again)
	k.intend(k.feedAndClaim(bulk, 1))
	_, err := k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(again.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	if got := contacts(first); len(got) != 2 || got[1].Touch != again.Touch.ID || got[1].Pending || got[1].Kind != touch.ContactDelivered {
		k.t.Fatalf("%+v", got)
	}
}

// testContactedCustomers: every customer who was contacted, or may be contacted
// right now, is named once.
func testContactedCustomers(k *kit) {
	named := func(limit int, want ...string) {
		k.t.Helper()
		var all []string
		for after := ""; ; {
			page, err := k.ledger.Contacts.ContactedCustomers(k.ctx, after, limit)
			k.must(err)
			if len(page) == 0 {
				break
			}
			if len(page) > limit {
				k.t.Fatalf("%d customers on a page of %d", len(page), limit)
			}
			all, after = append(all, page...), page[len(page)-1]
		}
		slices.Sort(all)
		k.wantEqual(all, want)
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
	ref, n, ok, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 2) // two of three, so that their group of timers is split
	k.must(err)
	if n != 2 || !ok {
		k.t.Fatalf("fed %d", n)
	}
	k.intend(k.claim(ref))
	k.advance(time.Minute)
	k.deliver(bulk, 1)
	named(2, "B", "a", "b", "c", "é")
	named(1000, "B", "a", "b", "c", "é")
}
