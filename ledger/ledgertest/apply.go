package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testApplyParts(k *kit) {
	all := k.touches(4)
	k.accept(all...)
	seg := k.feedAndClaim(bulk, 4)
	if !k.view(all[0]).Sending {
		k.t.Fatal("a claimed touch does not show as sending")
	}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0]), k.sent(seg.Touches[2])}))
	if k.view(all[0]).Sending || !k.view(all[1]).Sending {
		k.t.Fatal("the wrong touches show as sending")
	}
	k.advance(2 * lease)
	refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	left := k.claim(refs[0])
	if len(left.Touches) != 2 || left.Touches[0].Touch.ID != all[1].Touch.ID || left.Touches[1].Touch.ID != all[3].Touch.ID {
		k.t.Fatalf("left %+v", left.Touches)
	}
	k.must(k.ledger.Work.Apply(k.ctx, left.Ref, []ledger.Transition{k.retry(left.Touches[0], k.now()), k.sent(left.Touches[1])}))
	if open, err := k.ledger.Work.OpenSegments(k.ctx, bulk); err != nil || open != 0 {
		k.t.Fatal(open, err)
	}
	k.deliver(bulk, 1)
	for _, n := range all {
		k.wantState(n, touch.StateSent)
	}
	k.wantCounts()
}

// testApplyUnclaimed moves a touch that is in no segment, and never one that a
// worker holds.
func testApplyUnclaimed(k *kit) {
	free, held := k.touch(), k.touch()
	k.accept(free)
	k.deliver(bulk, 1)
	k.accept(held)
	seg := k.feedAndClaim(bulk, 1)
	claimed := func(n ledger.NewTouch) ledger.ClaimedTouch {
		v := k.view(n)
		return ledger.ClaimedTouch{Touch: v.Touch, Progress: v.Progress}
	}
	tr := k.sent(claimed(free))
	tr.To, tr.Events = touch.StateDelivered, []touch.Event{k.event(claimed(free), touch.EventDelivered, touch.StateDelivered)}
	k.must(k.ledger.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr, k.retry(claimed(held), k.now())}))
	k.wantState(free, touch.StateDelivered)
	k.wantState(held, touch.StateDue)
	k.feed(bulk, 0)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.wantState(held, touch.StateSent)
}

// testApplyAfterReceipt: a receipt arrives before the worker applies the result.
func testApplyAfterReceipt(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.feedAndClaim(bulk, 1)
	k.intend(seg)
	got, err := k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	if !got[0].Known || !got[0].Changed || got[0].After.State != touch.StateDelivered || got[0].After.Segment != seg.Ref.Segment {
		k.t.Fatalf("%+v", got[0])
	}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	v := k.wantState(n, touch.StateDelivered, touch.EventAccepted, touch.EventDelivered, touch.EventSent)
	if v.Progress.Provider != "p1" || len(v.Progress.Contacts) != 1 || v.Progress.Contacts[0].Kind != touch.ContactDelivered {
		k.t.Fatalf("%+v", v.Progress)
	}
	// A receipt of a failure: the touch goes on with the next leg.
	m := k.touch()
	k.accept(m)
	seg = k.feedAndClaim(bulk, 1)
	k.intend(seg)
	_, err = k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(m.Touch.ID, 0), Kind: touch.ReceiptFailed, Reason: "x"}}, k.now())
	k.must(err)
	k.feed("push.bulk", 0) // still in the worker's hands
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.wantState(m, touch.StateDue, touch.EventAccepted, touch.EventUndelivered, touch.EventFallback, touch.EventSent)
	k.deliver("push.bulk", 1)
	k.wantState(m, touch.StateSent)
}

// testApplyLateReport: a receipt of the first leg arrives while the second is
// being sent. The touch must not stay due after that.
func testApplyLateReport(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.feedAndClaim(bulk, 1)
	tr := k.sent(seg.Touches[0])
	tr.Due, tr.Lane = k.now().Add(time.Minute), "push.bulk"
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.advance(time.Minute)
	seg = k.feedAndClaim("push.bulk", 1)
	c := seg.Touches[0]
	tr = ledger.Transition{Seq: c.Progress.Seq, Version: c.Progress.Version, To: touch.StateDue, Leg: 1, Keep: true, Lane: "push.bulk"}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	c.Progress = k.view(n).Progress
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	if dropped, err := k.ledger.Work.Intend(k.ctx, seg.Ref, version, []ledger.Intent{k.intent(c)}); err != nil || len(dropped) > 0 {
		k.t.Fatal(dropped, err)
	}
	_, err = k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptFailed}}, k.now())
	k.must(err)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(c)}))
	v := k.wantState(n, touch.StateSent)
	if v.Progress.Leg != 1 || len(v.Progress.Contacts) != 2 {
		k.t.Fatalf("%+v", v.Progress)
	}
	k.feed("push.bulk", 0)
	k.feed(bulk, 0)
}
