package workers_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// TestRandomResultsAndCrashes has a vendor, which treats messages with one id
// as one, answer at random, and kills workers between intent and result. In the
// end every touch has ended, none was sent twice, and the contact log counts
// exactly the messages that were or may have been sent.
func TestRandomResultsAndCrashes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newFixture(t)
		h.tuning.Unclaimed = time.Second
		for _, c := range []touch.Channel{touch.SMS, touch.Push} {
			h.pool.caps[string(c)+"-vendor"] = adapter.Capabilities{IdempotencyWindow: 24 * time.Hour, EchoesID: true}
		}
		truth := map[string]int{} // messages that the vendor accepted, by dispatch id
		healthy := false
		h.pool.answer = func(_ string, d adapter.Dispatch) touch.Result {
			if truth[d.ID] > 0 {
				return touch.Result{Class: touch.ResultAccepted} // a repeat of the same message
			}
			class := touch.ResultAccepted
			if !healthy {
				class = rapid.SampledFrom([]touch.ResultClass{
					touch.ResultAccepted, touch.ResultRejected, touch.ResultRetryable, touch.ResultThrottled, touch.ResultMisconfigured, touch.ResultUnknown,
				}).Draw(rt, "class")
			}
			if class == touch.ResultAccepted || (class == touch.ResultUnknown && rapid.Bool().Draw(rt, "went out")) {
				truth[d.ID]++
			}
			return touch.Result{Class: class}
		}
		n := rapid.IntRange(1, 12).Draw(rt, "touches")
		ids := h.submit(n, func(i int, tc *touch.Touch) {
			if i%3 == 0 {
				pushThenSMS(i, tc)
			}
		})
		for round := range 40 {
			healthy = round > 12
			h.advance(10 * time.Minute)
			for _, ref := range h.feed() {
				if !healthy && rapid.IntRange(0, 3).Draw(rt, "crash") == 0 {
					h.dieAfterIntent(ref, truth, rapid.Bool().Draw(rt, "sent before death"))
					continue
				}
				if err := h.deliverer.Handle(h.ctx, ref); err != nil {
					rt.Fatal(err)
				}
			}
			refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 100)
			if err != nil {
				rt.Fatal(err)
			}
			for _, ref := range refs {
				if err := h.deliverer.Handle(h.ctx, ref); err != nil {
					rt.Fatal(err)
				}
			}
		}
		for _, id := range ids {
			v := h.view(id)
			// A sent touch without a timer waits only for a receipt.
			if p := v.Progress; !p.State.Final() && p.State != touch.StateSent {
				rt.Errorf("stuck in %s (%s): %+v", p.State, p.Reason, p)
			}
			for leg := range v.Touch.Plan {
				id := touch.DispatchID(id, leg)
				if truth[id] > 1 {
					rt.Errorf("%s went out %d times", id, truth[id])
				}
				if truth[id] == 1 && h.guard.log[id] != "committed" {
					rt.Errorf("%s went out and its place is %q", id, h.guard.log[id])
				}
			}
		}
	})
}

// dieAfterIntent is a worker that reserves and intends everything, may have
// sent it, and then dies.
func (h *fixture) dieAfterIntent(ref ledger.SegmentRef, truth map[string]int, sent bool) {
	h.t.Helper()
	seg, err := h.ledger.Work.Claim(h.ctx, ref, "dying", h.now, h.now.Add(time.Minute))
	if err != nil {
		h.t.Fatal(err)
	}
	var intents []ledger.Intent
	for _, c := range seg.Touches {
		if c.Progress.State != touch.StateDue || c.Intent != nil {
			continue
		}
		leg := c.Progress.Leg
		intents = append(intents, ledger.Intent{
			Seq: c.Progress.Seq, Version: c.Progress.Version, Leg: leg, Attempt: 1, At: h.now,
			Provider: string(c.Touch.Plan[leg].Channel) + "-vendor",
		})
		id := touch.DispatchID(c.Touch.ID, leg)
		h.guard.log[id] = "reserved"
		if sent && truth[id] == 0 {
			truth[id] = 1
		}
	}
	if _, err := h.ledger.Work.Intend(h.ctx, ref, h.watch.Current().Version, intents); err != nil {
		h.t.Fatal(err)
	}
}
