package workers_test

import (
	"testing"
	"time"

	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// TestRetention: what is old enough is deleted, but nothing that the longest
// window of the rules counts, and by one process at a time.
func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	h := newFixture(t)
	ids := h.submit(3, nil)
	h.step()
	for _, id := range ids[:2] {
		receipt := touch.Receipt{Dispatch: touch.DispatchID(id, 0), Kind: touch.ReceiptDelivered, At: h.now}
		if _, err := h.ledger.Receipts.Receive(h.ctx, []touch.Receipt{receipt}, h.now); err != nil {
			t.Fatal(err)
		}
	}
	window := 90 * day
	keep := workers.Keep{Touches: 30 * day, Journal: 60 * day, AtLeast: func() time.Duration { return window }}
	step := func(wantTouches, wantRecords int) {
		t.Helper()
		touches, records, err := workers.NewRetention(h.options("r"), keep).Step(h.ctx)
		if err != nil || touches != wantTouches || records != wantRecords {
			t.Errorf("%d touches, %d records, %v; want %d, %d", touches, records, err, wantTouches, wantRecords)
		}
	}
	h.advance(80 * day)
	step(0, 0)
	window = day
	h.advance(2 * time.Minute)
	if held, err := h.ledger.Leases.Acquire(h.ctx, "retention", "another", h.now, h.now.Add(time.Minute)); err != nil || !held {
		t.Fatal(held, err)
	}
	step(0, 0)
	h.advance(2 * time.Minute)
	step(2, 0) // the third was never confirmed, so it has not ended; records have the store's own time
	h.expectGone(ids[0], ids[1])
	if v := h.view(ids[2]); v.Progress.State != touch.StateSent {
		t.Errorf("%s", v.Progress.State)
	}
	h.advance(1000 * day)
	head, _, err := h.ledger.Journal.Head(h.ctx)
	if err != nil {
		t.Fatal(err)
	}
	step(0, int(head))
	h.advance(1000 * day)
	keep.Touches, keep.Journal = 0, 0
	step(0, 0) // zero keeps for ever
	keep.Touches, keep.Journal = day, day
	step(0, 1) // the record of the truncation before
}

func (h *fixture) expectGone(ids ...touch.ID) {
	h.t.Helper()
	for _, id := range ids {
		if _, err := h.ledger.Touches.Get(h.ctx, "", id); touch.ClassOf(err) != touch.NotFound {
			h.t.Errorf("the touch is still there: %v", err)
		}
	}
}
