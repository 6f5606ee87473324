package ledgertest

import (
	"slices"
	"strings"
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
	// The vendor's clock is behind: nothing arrives before it was sent.
	sent, _ := v.Progress.ContactOn(0)
	if e := v.Events[2]; !e.At.Equal(sent.At) || !strings.Contains(e.Result.Detail, at.UTC().Format(time.RFC3339Nano)) {
		k.t.Fatalf("delivered at %v (%s), want %v", e.At, e.Result.Detail, sent.At)
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

// testForeignReceipts holds that a receipt is believed only about what its source
// was given: the stand-by vendor, another channel's vendor and another caller's
// system change nothing.
func testForeignReceipts(k *kit) {
	n := k.touch()
	k.accept(n)
	foreign := func(provider string, leg int, kind touch.ReceiptKind, outcome string) {
		k.t.Helper()
		before, err := k.ledger.Touches.Get(k.ctx, n.Touch.Caller, n.Touch.ID)
		k.must(err)
		r := touch.Receipt{Provider: provider, Dispatch: touch.DispatchID(n.Touch.ID, leg), Kind: kind, Outcome: outcome}
		got := k.receive(r)
		if !got[0].Foreign || got[0].Known || got[0].Changed {
			k.t.Fatalf("%s about leg %d: %+v", provider, leg, got[0])
		}
		after, err := k.ledger.Touches.Get(k.ctx, n.Touch.Caller, n.Touch.ID)
		k.must(err)
		k.wantEqual(after, before)
	}
	foreign(ledger.ReportedBy("other"), 0, touch.ReceiptOutcome, touch.OutcomeOptOut)

	k.deliver(bulk, 1) // by p1
	foreign("p2", 0, touch.ReceiptFailed, "")
	foreign("p2", 0, touch.ReceiptReplied, touch.OutcomeOptOut)
	foreign(ledger.ReportedBy("other"), 0, touch.ReceiptDelivered, "")
	customers, err := k.ledger.Customers.Get(k.ctx, []string{n.Touch.Customer})
	k.must(err)
	if len(customers) != 0 {
		k.t.Fatalf("a foreign opt-out was stored: %+v", customers)
	}

	own := touch.Receipt{Provider: ledger.ReportedBy(n.Touch.Caller), Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered}
	if got := k.receive(own); !got[0].Changed {
		k.t.Fatalf("the caller's own system: %+v", got[0])
	}
}

// testReceiptClocks holds that no clock of a vendor moves a consequence out of
// the time that was possible: from the sending until now.
func testReceiptClocks(k *kit) {
	var customers []string
	for name, reported := range map[string]time.Time{
		"the epoch":       time.Unix(0, 0),
		"the year 1":      time.Time{}.Add(time.Hour),
		"an hour before":  k.now().Add(-time.Hour),
		"a day ahead":     k.now().Add(24 * time.Hour),
		"the year 9999":   time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		"no instant":      {},
		"another zone":    k.now().Add(-time.Hour).In(time.FixedZone("", 8*3600)),
		"a minute behind": k.now().Add(-time.Minute),
	} {
		n := k.touch()
		customers = append(customers, n.Touch.Customer)
		k.accept(n)
		k.deliver(bulk, 1)
		k.receive(touch.Receipt{
			Provider: "p1", Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptReplied, Outcome: touch.OutcomeOptOut, At: reported,
		})
		v, err := k.ledger.Touches.Get(k.ctx, n.Touch.Caller, n.Touch.ID)
		k.must(err)
		sent, _ := v.Progress.ContactOn(0)
		for _, e := range v.Events {
			if e.Kind != touch.EventOutcome {
				continue
			}
			if e.At.Before(sent.At) || e.At.After(k.now()) {
				k.t.Errorf("%s: the outcome is of %v, sent %v, now %v", name, e.At, sent.At, k.now())
			}
			if original := e.Result.Detail; (original == "") != (reported.IsZero() || reported.Equal(e.At)) {
				k.t.Errorf("%s: the original is kept as %q", name, original)
			}
		}
	}

	found, err := k.ledger.Customers.Get(k.ctx, customers)
	k.must(err)
	for _, customer := range customers {
		consents := found[customer].Consents
		if len(consents) != 1 {
			k.t.Errorf("%s: %d revocations, want 1", customer, len(consents))
		}
		for _, consent := range consents {
			if consent.At.Before(k.now().Add(-time.Minute)) {
				k.t.Errorf("%s: the revocation is of %v, so an older consent would lift it", customer, consent.At)
			}
		}
	}
}
