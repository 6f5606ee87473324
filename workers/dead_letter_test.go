package workers_test

import (
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// crashThreeTimes loses as many workers over the segment as it takes to make
// its first touch a dead letter.
func (h *fixture) crashThreeTimes(ref ledger.SegmentRef) ledger.SegmentRef {
	h.t.Helper()
	for range 3 {
		if _, err := h.ledger.Work.Claim(h.ctx, ref, "dying", h.clock(), h.clock().Add(time.Second)); err != nil {
			h.t.Fatal(err)
		}
		h.advance(time.Minute)
		refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.clock(), h.clock().Add(-time.Hour), 10)
		if err != nil || len(refs) != 1 {
			h.t.Fatal(refs, err)
		}
		ref = refs[0]
	}
	return ref
}

// The message that killed its workers was delivered all the same.
func TestDeliveredIsNoDeadLetter(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(2, nil)
	ref := h.crashAfterSend(time.Minute)
	receipt := touch.Receipt{Dispatch: touch.DispatchID(ids[0], 0), Kind: touch.ReceiptDelivered, At: h.clock()}
	if _, err := h.ledger.Receipts.Receive(h.ctx, []touch.Receipt{receipt}, h.clock()); err != nil {
		t.Fatal(err)
	}
	h.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) {
		return touch.Result{Class: touch.ResultAccepted}, true
	}
	if err := h.deliverer.Handle(h.ctx, h.crashThreeTimes(ref)); err != nil {
		t.Fatal(err)
	}
	h.expect(ids[0], touch.StateDelivered, touch.EventDelivered)
	h.expect(ids[1], touch.StateSent, touch.EventSent)
}

// Workers were lost over the second leg, which only the intent names.
func TestDeadLetterOnLaterLeg(t *testing.T) {
	h := newFixture(t)
	id, ref := h.crashAfterSecondLeg(func() {})
	if err := h.deliverer.Handle(h.ctx, h.crashThreeTimes(ref)); err != nil {
		t.Fatal(err)
	}
	v := h.view(id)
	if v.Progress.State != touch.StateDead || v.Progress.Leg != 1 || len(v.Progress.Contacts) != 2 {
		t.Errorf("%s on leg %d, contacts %+v", v.Progress.State, v.Progress.Leg, v.Progress.Contacts)
	}
	h.expectReservation(id, 1, "committed")
}
