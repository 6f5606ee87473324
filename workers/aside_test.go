package workers_test

import (
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// loseThree loses as many workers over the segment as make the first touch
// left in it suspected.
func (h *house) loseThree(ref ledger.SegmentRef) ledger.SegmentRef {
	h.t.Helper()
	for range 3 {
		if _, err := h.ledger.Work.Claim(h.ctx, ref, "dying", h.clock(), h.clock().Add(time.Second)); err != nil {
			h.t.Fatal(err)
		}
		h.pass(time.Minute)
		refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.clock(), h.clock().Add(-time.Hour), 10)
		if err != nil || len(refs) != 1 {
			h.t.Fatal(refs, err)
		}
		ref = refs[0]
	}
	return ref
}

// The message that killed its workers arrived all the same.
func TestWhatArrivedIsNotPutAside(t *testing.T) {
	h := newHouse(t)
	ids := h.submit(2, nil)
	ref := h.lose(time.Minute)
	receipt := touch.Receipt{Dispatch: touch.DispatchID(ids[0], 0), Kind: touch.ReceiptDelivered, At: h.clock()}
	if _, err := h.ledger.Receipts.Receive(h.ctx, []touch.Receipt{receipt}, h.clock()); err != nil {
		t.Fatal(err)
	}
	h.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) {
		return touch.Result{Class: touch.ResultAccepted}, true
	}
	if err := h.deliver.Handle(h.ctx, h.loseThree(ref)); err != nil {
		t.Fatal(err)
	}
	h.expect(ids[0], touch.StateDelivered, touch.EventDelivered)
	h.expect(ids[1], touch.StateSent, touch.EventSent)
}

// Workers were lost over the second leg, of which only the intent tells.
func TestALaterLegPutAsideCountsAsThatLeg(t *testing.T) {
	h := newHouse(t)
	id, ref := h.loseOverSecondLeg(func() {})
	if err := h.deliver.Handle(h.ctx, h.loseThree(ref)); err != nil {
		t.Fatal(err)
	}
	v := h.view(id)
	if v.Progress.State != touch.StateDead || v.Progress.Leg != 1 || len(v.Progress.Contacts) != 2 {
		t.Errorf("%s on leg %d, contacts %+v", v.Progress.State, v.Progress.Leg, v.Progress.Contacts)
	}
	h.reserved(id, 1, "committed")
}
