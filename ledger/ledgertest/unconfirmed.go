package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testExpireUnconfirmed(k *kit) {
	a := k.touch()
	b := k.touch()
	timed := k.touch()
	k.accept(a, b, timed)
	seg := k.feedAndClaim(bulk, 3)
	trs := []ledger.Transition{k.sent(seg.Touches[0]), k.sent(seg.Touches[1]), k.sent(seg.Touches[2])}
	trs[1].To = touch.StateUnknown
	trs[2].Due = k.now().Add(10 * time.Hour)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, trs))
	reported := k.touch()
	k.accept(reported)
	k.deliver(bulk, 1)
	_, err := k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(reported.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	sent := k.now()
	k.advance(time.Hour)
	n, err := k.ledger.Recovery.ExpireUnconfirmed(k.ctx, sent, k.now(), 10)
	k.must(err)
	k.wantEqual(n, 0)
	n, err = k.ledger.Recovery.ExpireUnconfirmed(k.ctx, sent.Add(time.Second), k.now(), 10)
	k.must(err)
	k.wantEqual(n, 2)
	k.wantState(a, touch.StateUnconfirmed, touch.EventAccepted, touch.EventSent, touch.EventUnconfirmed)
	k.wantState(b, touch.StateUnconfirmed)
	k.wantState(timed, touch.StateSent)
	k.wantState(reported, touch.StateDelivered)
	n, err = k.ledger.Recovery.ExpireUnconfirmed(k.ctx, sent.Add(time.Second), k.now(), 10)
	k.must(err)
	k.wantEqual(n, 0)
	// A later receipt still corrects the state.
	_, err = k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(a.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	k.wantState(a, touch.StateDelivered)
	k.wantCounts()
}
