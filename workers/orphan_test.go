package workers_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// crashBeforeApply is the ledger of a worker that dies before it writes
// results.
type crashBeforeApply struct{ ledger.Work }

func (crashBeforeApply) Apply(context.Context, ledger.SegmentRef, []ledger.Transition) error {
	return touch.Errorf(touch.Conflict, "", "dead")
}

// crashAfterSecondLeg sends the first leg, lets its wait pass, and loses a
// worker after it sent the second leg. It returns the segment to be worked on
// again.
func (h *fixture) crashAfterSecondLeg(meanwhile func()) (touch.ID, ledger.SegmentRef) {
	h.t.Helper()
	id := h.submit(1, pushThenSMS)[0]
	h.step()
	h.advance(30 * time.Minute)
	ref := h.feed()[0]
	o := h.options("dying")
	o.Ledger = h.ledger.With(func(l *ledger.Ledger) { l.Work = crashBeforeApply{l.Work} })
	if err := workers.NewDeliverer(o).Handle(h.ctx, ref); err != nil {
		h.t.Fatal(err)
	}
	if n := h.pool.accepted[touch.DispatchID(id, 1)]; n != 1 {
		h.t.Fatalf("the second leg was sent %d times before the worker was lost", n)
	}
	meanwhile()
	h.advance(2 * time.Minute)
	refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10)
	if err != nil || len(refs) != 1 {
		h.t.Fatal(refs, err)
	}
	return id, refs[0]
}

// The progress is still on the first leg: only the intent names the second.
func TestOrphanedLegIsNotSentAgain(t *testing.T) {
	h := newFixture(t)
	id, ref := h.crashAfterSecondLeg(func() {})
	h.pool.names = []string{"another"}
	if err := h.deliverer.Handle(h.ctx, ref); err != nil {
		t.Fatal(err)
	}
	v := h.expect(id, touch.StateUnknown, touch.EventSent, touch.EventFallback, touch.EventUnknown)
	if n := h.pool.accepted[touch.DispatchID(id, 1)]; n != 1 || v.Progress.Leg != 1 || v.Progress.Provider != "sms-vendor" {
		t.Errorf("%d messages, now on leg %d of %s; want the one, its outcome unknown", n, v.Progress.Leg, v.Progress.Provider)
	}
}

func TestOrphanedLegCountsAfterDelivery(t *testing.T) {
	h := newFixture(t)
	id, ref := h.crashAfterSecondLeg(func() {
		all, err := h.ledger.Contacts.Since(h.ctx, []string{"c0"}, h.now.Add(-time.Hour))
		if err != nil || len(all["c0"]) != 2 {
			t.Fatal(all, err)
		}
		first := all["c0"][0]
		receipt := touch.Receipt{Dispatch: touch.DispatchID(first.Touch, 0), Kind: touch.ReceiptDelivered, At: h.now}
		if _, err := h.ledger.Receipts.Receive(h.ctx, []touch.Receipt{receipt}, h.now); err != nil {
			t.Fatal(err)
		}
	})
	if err := h.deliverer.Handle(h.ctx, ref); err != nil {
		t.Fatal(err)
	}
	v := h.expect(id, touch.StateDelivered, touch.EventSent, touch.EventDelivered)
	if len(v.Progress.Contacts) != 2 || h.pool.accepted[touch.DispatchID(id, 1)] != 1 {
		t.Errorf("%d messages, contacts %+v", h.pool.accepted[touch.DispatchID(id, 1)], v.Progress.Contacts)
	}
	h.expectReservation(id, 1, "committed")
}
