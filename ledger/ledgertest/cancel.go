package ledgertest

import (
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testCancelWaiting(k *kit) {
	n, other := k.touch(), k.touch()
	k.accept(n, other)
	p, err := k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.must(err)
	if p.State != touch.StateCancelled || !p.Due.IsZero() {
		k.t.Fatalf("%+v", p)
	}
	v := k.wantState(n, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	if v.Events[1].Actor != "me" || v.Events[1].Customer != n.Touch.Customer || v.Events[1].Channel != touch.SMS {
		k.t.Fatalf("%+v", v.Events[1])
	}
	seg := k.feedAndClaim(bulk, 1)
	if seg.Touches[0].Touch.ID != other.Touch.ID {
		k.t.Fatal("a cancelled touch was fed")
	}
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.wantClass(touch.Conflict, err)
	k.wantCounts()
}

func testCancelInSegment(k *kit) {
	all := k.touches(3)
	k.accept(all...)
	ref := k.feed(bulk, 3)
	_, err := k.ledger.Touches.Cancel(k.ctx, "acme", all[0].Touch.ID, "me", k.now())
	k.must(err)
	seg := k.claim(ref)
	if len(seg.Touches) != 2 {
		k.t.Fatalf("claimed %d", len(seg.Touches))
	}
	_, err = k.ledger.Touches.Cancel(k.ctx, "", all[1].Touch.ID, "me", k.now())
	k.must(err)
	dropped := k.intend(seg)
	k.wantEqual(dropped, []int{0})
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", all[2].Touch.ID, "me", k.now())
	k.wantClass(touch.Conflict, err) // an intent stands
	// A stale transition does not bring a cancelled touch back.
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.retry(seg.Touches[0], k.now()), k.sent(seg.Touches[1])}))
	k.wantState(all[1], touch.StateCancelled)
	k.wantState(all[2], touch.StateSent)
	k.feed(bulk, 0)
	// A segment whose touches were all cancelled is done.
	n := k.touch()
	k.accept(n)
	ref = k.feed(bulk, 1)
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.must(err)
	_, err = k.ledger.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	k.wantClass(touch.Conflict, err)
	if open, err := k.ledger.Work.OpenSegments(k.ctx, bulk); err != nil || open != 0 {
		k.t.Fatal(open, err)
	}
	k.wantCounts()
}

func testCancelRefused(k *kit) {
	n := k.touch()
	k.accept(n)
	_, err := k.ledger.Touches.Cancel(k.ctx, "someone", n.Touch.ID, "me", k.now())
	k.wantClass(touch.NotFound, err)
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", touch.NewID("acme", "none"), "me", k.now())
	k.wantClass(touch.NotFound, err)
	k.deliver(bulk, 1)
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.wantClass(touch.Conflict, err)
	k.wantState(n, touch.StateSent)
}
