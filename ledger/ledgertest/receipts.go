package ledgertest

import (
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func (k *kit) receive(receipts ...touch.Receipt) []ledger.AppliedReceipt {
	k.t.Helper()
	got, err := k.ledger.Receipts.Receive(k.ctx, receipts, k.now())
	k.must(err)
	if len(got) != len(receipts) {
		k.t.Fatalf("%d results for %d receipts", len(got), len(receipts))
	}
	return got
}

func vendorID(n ledger.NewTouch, leg int) string { return "v-" + touch.DispatchID(n.Touch.ID, leg) }

func testReceipts(k *kit) {
	a := k.touch()
	b := k.touch()
	c := k.touch()
	k.accept(a, b, c)
	k.deliver(bulk, 3)
	at := k.now().Add(-time.Minute)
	byUs := touch.Receipt{Provider: "p1", Dispatch: touch.DispatchID(a.Touch.ID, 0), Kind: touch.ReceiptDelivered, At: at}
	byThem := touch.Receipt{Provider: "p1", VendorID: vendorID(b, 0), Kind: touch.ReceiptRead, Code: "c"}
	stranger := touch.Receipt{Provider: "p1", Dispatch: touch.DispatchID(touch.NewID("x", "y"), 0), Kind: touch.ReceiptDelivered}
	wrongProvider := touch.Receipt{Provider: "p2", VendorID: vendorID(c, 0), Kind: touch.ReceiptFailed}
	wrongLeg := touch.Receipt{Dispatch: touch.DispatchID(c.Touch.ID, 7), Kind: touch.ReceiptFailed}
	got := k.receive(byUs, stranger, byThem, byUs, wrongProvider, wrongLeg)
	var known, changed []bool
	for _, r := range got {
		known, changed = append(known, r.Known), append(changed, r.Changed)
	}
	k.wantEqual(known, []bool{true, false, true, true, false, true})
	k.wantEqual(changed, []bool{true, false, true, false, false, false})
	k.wantEqual(got[0].Touch, a.Touch)
	if got[0].Before.State != touch.StateSent || got[0].After.State != touch.StateDelivered || got[2].Leg != 0 {
		k.t.Fatalf("%+v", got)
	}
	v := k.wantState(a, touch.StateDelivered, touch.EventAccepted, touch.EventSent, touch.EventDelivered)
	if !v.Events[2].At.Equal(at) {
		k.t.Fatalf("delivered at %v, want %v", v.Events[2].At, at)
	}
	k.wantState(b, touch.StateDelivered, touch.EventAccepted, touch.EventSent, touch.EventDelivered, touch.EventRead)
	k.wantState(c, touch.StateSent)
	if got := k.receive(byUs, byThem, byThem); got[0].Changed || got[1].Changed || got[2].Changed {
		k.t.Fatal("a repeated receipt was news")
	}
	k.wantState(b, touch.StateDelivered, touch.EventAccepted, touch.EventSent, touch.EventDelivered, touch.EventRead)
	k.wantCounts()
}

func testReceiptsFallback(k *kit) {
	n := k.touch()
	k.accept(n)
	k.deliver(bulk, 1)
	failed := func(leg int) touch.Receipt {
		return touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, leg), Kind: touch.ReceiptFailed, Reason: touch.ReasonBadTarget}
	}
	k.receive(failed(0))
	k.wantState(n, touch.StateDue, touch.EventAccepted, touch.EventSent, touch.EventUndelivered, touch.EventFallback)
	k.deliver("push.bulk", 1)
	k.receive(failed(0), failed(1), failed(1))
	v := k.wantState(n, touch.StateFailed)
	if v.Progress.Reason != touch.ReasonBadTarget {
		k.t.Fatalf("%+v", v.Progress)
	}
	k.receive(touch.Receipt{VendorID: vendorID(n, 0), Provider: "p1", Kind: touch.ReceiptDelivered})
	k.wantState(n, touch.StateDelivered) // it arrived after all
	k.wantCounts()
}

// testReceiptsBeforeSend: receipts that arrive before their vendor's id is known.
func testReceiptsBeforeSend(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.feedAndClaim(bulk, 1)
	k.intend(seg)
	early := touch.Receipt{Provider: "p1", VendorID: vendorID(n, 0), Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeConversation, At: k.now()}
	if got := k.receive(early, early); got[0].Known || got[1].Known {
		k.t.Fatal("a receipt of an unknown message found one")
	}
	k.wantState(n, touch.StateDue, touch.EventAccepted)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.wantState(n, touch.StateDelivered, touch.EventAccepted, touch.EventSent, touch.EventDelivered, touch.EventOutcome)
	if got := k.receive(early); got[0].Changed {
		k.t.Fatal("the receipt was applied twice")
	}
	// A receipt that matches nothing for a week is dropped.
	late := k.touch()
	k.accept(late)
	seg = k.feedAndClaim(bulk, 1)
	k.receive(touch.Receipt{Provider: "p1", VendorID: vendorID(late, 0), Kind: touch.ReceiptDelivered})
	k.advance(8 * 24 * time.Hour)
	refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	k.must(k.ledger.Work.Apply(k.ctx, refs[0], []ledger.Transition{k.sent(seg.Touches[0])}))
	k.wantState(late, touch.StateSent)
}

func testOptOut(k *kit) {
	n := k.touch()
	k.accept(n)
	k.deliver(bulk, 1)
	at := k.now()
	r := touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeConversation, At: at}
	out := r
	out.Outcome, out.Kind = touch.OutcomeOptOut, touch.ReceiptReplied
	k.receive(r)
	if got := k.receive(out, r, out); !got[0].Changed || got[1].Changed || got[2].Changed {
		k.t.Fatal("an opt-out after a conversation must be news, once")
	}
	customers, err := k.ledger.Customers.Get(k.ctx, []string{n.Touch.Customer, "nobody"})
	k.must(err)
	if len(customers) != 1 {
		k.t.Fatalf("%+v", customers)
	}
	c := customers[n.Touch.Customer]
	want := touch.Outcome{Kind: touch.OutcomeConversation, At: at, Channel: touch.SMS, Category: touch.Marketing, Subject: "loan", Campaign: "nov",
		Caller: "acme", Address: "+8613800000000", Touch: n.Touch.ID}
	second := want
	second.Kind = touch.OutcomeOptOut
	k.wantEqual(c.Outcomes, []touch.Outcome{want, second})
	if len(c.Consents) != 1 || c.Consents[0].Scope != "marketing:sms" || c.Consents[0].Granted || !c.Consents[0].At.Equal(at) {
		k.t.Fatalf("%+v", c.Consents)
	}
	var kinds []touch.EventKind
	events, err := k.ledger.Events.List(k.ctx, "", 0, 100)
	k.must(err)
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Contains(kinds, touch.EventConsent) {
		k.t.Fatalf("%v", kinds)
	}
	k.wantState(n, touch.StateDelivered, touch.EventAccepted, touch.EventSent, touch.EventDelivered, touch.EventOutcome, touch.EventReplied, touch.EventOutcome)
}
