package workers_test

import (
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// unknownThen makes the outcome of the first message unknown, and gives every
// other one the class.
func (h *fixture) unknownThen(class touch.ResultClass) {
	n := 0
	h.pool.answer = func(string, adapter.Dispatch) touch.Result {
		if n++; n == 1 {
			return touch.Result{}
		}
		return touch.Result{Class: class}
	}
}

// crashAfterSend has a worker send what is due now and die before it writes the
// results. It returns the segment to be worked on again.
func (h *fixture) crashAfterSend(after time.Duration) ledger.SegmentRef {
	h.t.Helper()
	o := h.options("dying")
	o.Ledger = h.ledger.With(func(l *ledger.Ledger) { l.Work = crashBeforeApply{l.Work} })
	ref := h.feed()[0]
	if err := workers.NewDeliverer(o).Handle(h.ctx, ref); err != nil {
		h.t.Fatal(err)
	}
	h.advance(after)
	refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.clock().Add(time.Hour), h.clock().Add(-time.Hour), 10)
	if err != nil || len(refs) != 1 {
		h.t.Fatal(refs, err)
	}
	return refs[0]
}

// The vendor knows the id, so its rejection is about the first message, too.
func TestRejectedRepeatWasNoContact(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(int, *touch.Touch)
		want touch.State
		leg  int
	}{
		"the only leg":        {nil, touch.StateFailed, 0},
		"there is a next leg": {pushThenSMS, touch.StateDue, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			window := adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
			h.pool.caps["sms-vendor"], h.pool.caps["push-vendor"] = window, window
			h.unknownThen(touch.ResultRejected)
			id := h.submit(1, tc.edit)[0]
			h.step()
			h.advance(time.Minute)
			h.step()
			p := h.view(id).Progress
			if p.State != tc.want || p.Leg != tc.leg || len(p.Contacts) != 0 {
				t.Errorf("%s on leg %d, contacts %+v; want %s on leg %d, and none", p.State, p.Leg, p.Contacts, tc.want, tc.leg)
			}
			h.expectReservation(id, 0, "released")
		})
	}
}

// A vendor that does not know ids may reject the second message because it has
// the first.
func TestRejectedResendStaysUnknown(t *testing.T) {
	h := newFixture(t)
	h.unknownThen(touch.ResultRejected)
	id := h.submit(1, func(_ int, t *touch.Touch) { t.Category = touch.Transactional })[0]
	for range 6 {
		h.step()
		h.advance(time.Hour)
	}
	if v := h.expect(id, touch.StateUnconfirmed, touch.EventUnknown, touch.EventUnconfirmed); len(v.Progress.Contacts) != 1 || h.pool.resent != 1 {
		t.Errorf("contacts %+v after %d resends", v.Progress.Contacts, h.pool.resent)
	}
	h.expectReservation(id, 0, "committed")
}

func TestOrphanedResendIsTheOnlyOne(t *testing.T) {
	h := newFixture(t)
	h.pool.answer = always(touch.ResultUnknown, "")
	id := h.submit(1, func(_ int, t *touch.Touch) { t.Category = touch.Transactional })[0]
	for range 3 { // the first message, and two queries
		h.step()
		h.advance(time.Hour)
	}
	ref := h.crashAfterSend(time.Minute)
	if h.pool.resent != 1 {
		t.Fatalf("resent %d times before the worker was lost", h.pool.resent)
	}
	if err := h.deliverer.Handle(h.ctx, ref); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.step()
		h.advance(time.Hour)
	}
	if v := h.view(id); h.pool.resent != 1 || v.Progress.State != touch.StateUnconfirmed {
		t.Errorf("resent %d times, ended %s", h.pool.resent, v.Progress.State)
	}
}

// The lost worker may be suspended during its repeat: the vendor may get the
// message a moment later.
func TestOrphanedRepeatWaitsForOpenCall(t *testing.T) {
	h := newFixture(t)
	h.pool.names = []string{"a"}
	h.pool.caps["a"] = adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
	h.pool.answer = always(touch.ResultUnknown, "")
	id := h.submit(1, nil)[0]
	h.step()
	h.advance(50 * time.Minute)
	ref := h.crashAfterSend(6 * time.Second)
	h.pool.caps = map[string]adapter.Capabilities{} // the idempotency window is over
	asked := 0
	h.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) {
		asked++
		return touch.Result{Class: touch.ResultRetryable}, true
	}
	if err := h.deliverer.Handle(h.ctx, ref); err != nil {
		t.Fatal(err)
	}
	if v := h.view(id); asked != 0 || v.Progress.State != touch.StateUnknown {
		t.Fatalf("asked %d times while the call may go on, now %s", asked, v.Progress.State)
	}
	h.advance(10 * time.Second)
	if err := h.deliverer.Handle(h.ctx, ref); err != nil { // released
		t.Fatal(err)
	}
	if v := h.view(id); asked != 1 || v.Progress.State != touch.StateDue {
		t.Errorf("asked %d times, now %s", asked, v.Progress.State)
	}
}

// A rule forbids to repeat a lost worker's message. The vendor is asked what
// became of it, but not before the worker's call is surely over.
func TestForbiddenRepeatWaitsForOpenCall(t *testing.T) {
	for name, forbid := range map[string]func(h *fixture){
		"a rule":         func(h *fixture) { h.guard.decide = refuseAll },
		"no contact log": func(h *fixture) { h.guard.down = true },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.pool.caps["sms-vendor"] = adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
			id := h.submit(1, nil)[0]
			sent := h.clock()
			ref := h.crashAfterSend(6 * time.Second)
			forbid(h)
			if err := h.deliverer.Handle(h.ctx, ref); err != nil {
				t.Fatal(err)
			}
			over := sent.Add(workers.DefaultTuning().SendWithin + workers.DefaultTuning().CallWithin)
			if p := h.view(id).Progress; p.State != touch.StateUnknown || p.Due.Before(over) {
				t.Errorf("%s, looked at again %v before the call is over", p.State, over.Sub(p.Due))
			}
		})
	}
}

func refuseAll(policies.Question) touch.Verdict {
	return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "r", Kind: "require"}
}
