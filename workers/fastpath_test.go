package workers_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// urgentTouch makes an urgent touch that intake found sendable now.
func (h *fixture) urgentTouch(key string) ledger.NewTouch {
	t := touch.Touch{ID: touch.NewID("bank", key), Caller: "bank", AcceptedAt: h.clock(), Request: touch.Request{
		Key: key, Customer: "c-" + key, Category: touch.Transactional,
		Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "code"}}},
		Addresses: map[touch.Channel]string{touch.SMS: "+100"},
	}}
	n := ledger.NewTouch{
		Touch: t, Digest: t.Digest(), State: touch.StateDue, Due: h.clock(), Lane: touch.Lane(touch.SMS, true), Enqueue: true,
		Events: []touch.Event{{Kind: touch.EventAccepted, At: h.clock(), Touch: t.ID, Caller: t.Caller, State: touch.StateDue}},
	}
	return n
}

// accept has the deliverer accept touches that are all candidates.
func (h *fixture) accept(d *workers.Deliverer, touches ...ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	candidates := make([]lookup.Candidate, len(touches))
	for i := range touches {
		candidates[i].Index = i
	}
	return d.Accept(h.ctx, touches, candidates)
}

// fakeSlots are the slots of a lane. Work that is given to a slot runs when the
// test calls run.
type fakeSlots struct {
	ctx  context.Context
	free int
	work []func() error
}

func (f *fakeSlots) take(string) workers.Slot {
	if f.free == 0 {
		return nil
	}
	f.free--
	return fakeSlot{f}
}

// run does the work that was given to the slots.
func (f *fakeSlots) run(t testing.TB) {
	t.Helper()
	work := f.work
	f.work = nil
	for _, do := range work {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
}

type fakeSlot struct{ slots *fakeSlots }

func (s fakeSlot) Run(ref ledger.SegmentRef, work func(context.Context, ledger.SegmentRef) error) {
	s.slots.free++
	s.slots.work = append(s.slots.work, func() error { return work(s.slots.ctx, ref) })
}

func (s fakeSlot) Release() { s.slots.free++ }

// fastPath makes a deliverer with free slots over a ledger.
func (h *fixture) fastPath(l *ledger.Ledger, free int) (*workers.Deliverer, *fakeSlots) {
	slots := &fakeSlots{ctx: h.ctx, free: free}
	o := h.options("w1")
	o.Ledger = l
	o.TakeSlot = slots.take
	return workers.NewDeliverer(o), slots
}

// unreadWork is a ledger from which accepted touches must be neither claimed
// nor read again.
type unreadWork struct {
	ledger.Work
	ledger.Customers
	t *testing.T
}

func (u unreadWork) Claim(context.Context, ledger.SegmentRef, string, time.Time, time.Time) (*ledger.Segment, error) {
	u.t.Error("claimed what it held already")
	return nil, errDown
}

func (u unreadWork) Intend(context.Context, ledger.SegmentRef, ledger.ControlVersion, []ledger.Intent) ([]int, error) {
	u.t.Error("intended twice")
	return nil, errDown
}

func (u unreadWork) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	u.t.Error("read what intake had just read")
	return nil, errDown
}

func TestFastPath(t *testing.T) {
	h := newFixture(t)
	d, slots := h.fastPath(h.ledger.With(func(l *ledger.Ledger) {
		read := unreadWork{l.Work, l.Customers, t}
		l.Work = read
		l.Customers = read
	}), 1)
	a := h.urgentTouch("a")
	b := h.urgentTouch("b")
	answers, refs, err := h.accept(d, a, b, a)
	if err != nil || len(refs) != 0 || !answers[0].New || !answers[1].New || !answers[2].Same {
		t.Fatal(answers, refs, err)
	}
	if len(h.pool.accepted) != 0 || slots.free != 1 {
		t.Fatal("the caller waited for the vendor, or the slot is gone")
	}
	slots.run(t)
	h.expect(a.Touch.ID, touch.StateSent, touch.EventSent)
	h.expect(b.Touch.ID, touch.StateSent, touch.EventSent)
	if id := touch.DispatchID(a.Touch.ID, 0); h.pool.accepted[id] != 1 || h.guard.log[id] != "committed" {
		t.Errorf("the vendor took %d, the contact log says %s", h.pool.accepted[id], h.guard.log[id])
	}
	// The same key again is a repeat: the slot is released unused.
	answers, _, err = h.accept(d, a)
	if err != nil || !answers[0].Same || answers[0].State != touch.StateSent || len(slots.work) != 0 || slots.free != 1 {
		t.Fatal(answers, err, len(slots.work), slots.free)
	}
	c := h.urgentTouch("c")
	if _, _, err := h.accept(d, a, c); err != nil {
		t.Fatal(err)
	}
	slots.run(t)
	h.expect(a.Touch.ID, touch.StateSent, touch.EventSent)
	h.expect(c.Touch.ID, touch.StateSent, touch.EventSent)
	if n := h.pool.accepted[touch.DispatchID(a.Touch.ID, 0)]; n != 1 {
		t.Errorf("beside a new touch a repeat was sent again: %d times", n)
	}
}

// doneSpy is a context that records whether somebody waited for its end.
type doneSpy struct {
	context.Context
	waits bool
}

func (a *doneSpy) Done() <-chan struct{} {
	a.waits = true
	over := make(chan struct{})
	close(over)
	return over
}

// bulkWaits reports whether bulk would wait at the gate now.
func bulkWaits(gate *priority.Gate) bool {
	ctx := &doneSpy{Context: context.Background()}
	gate.WaitForUrgent(ctx)
	return ctx.waits
}

// applyObserver calls begins when transitions are written.
type applyObserver struct {
	ledger.Work
	begins func()
}

func (s applyObserver) Apply(ctx context.Context, ref ledger.SegmentRef, trs []ledger.Transition) error {
	s.begins()
	return s.Work.Apply(ctx, ref, trs)
}

// TestBulkWaitsForFastPath checks touches on the fast path and touches from the
// queue.
func TestBulkWaitsForFastPath(t *testing.T) {
	h := newFixture(t)
	gate, waits, changedControl := &priority.Gate{MaxWait: time.Hour}, false, false
	h.pool.answer = func(string, adapter.Dispatch) touch.Result {
		waits = bulkWaits(gate)
		return touch.Result{Class: touch.ResultAccepted}
	}
	slots := &fakeSlots{ctx: h.ctx, free: 1}
	o := h.options("w1")
	o.TakeSlot = slots.take
	o.PriorityGate = gate
	o.Ledger = h.ledger.With(func(l *ledger.Ledger) {
		l.Work = applyObserver{l.Work, func() { changedControl = bulkWaits(gate) }}
	})
	d := workers.NewDeliverer(o)
	a := h.urgentTouch("a")
	if _, _, err := h.accept(d, a); err != nil || !bulkWaits(gate) {
		t.Fatal("bulk does not wait before the vendor is called", err)
	}
	slots.run(t)
	if !waits || changedControl || bulkWaits(gate) {
		t.Errorf("on the fast path bulk waited: %v; while results were written: %v; afterwards: %v", waits, changedControl, bulkWaits(gate))
	}
	for _, c := range []touch.Category{touch.Transactional, touch.Marketing} {
		waits = false
		h.submit(1, func(_ int, t *touch.Touch) { t.Key, t.Category = string(c), c; t.ID = touch.NewID("bank", t.Key) })
		for _, ref := range h.feed() {
			if err := d.Handle(h.ctx, ref); err != nil {
				t.Fatal(err)
			}
		}
		if urgent := c == touch.Transactional; waits != urgent || bulkWaits(gate) {
			t.Errorf("%s from the queue: bulk waited: %v; afterwards: %v", c, waits, bulkWaits(gate))
		}
	}
}

func TestFastPathWithoutSlot(t *testing.T) {
	h := newFixture(t)
	d, _ := h.fastPath(h.ledger, 0)
	a := h.urgentTouch("a")
	_, refs, err := h.accept(d, a)
	if err != nil || len(refs) != 1 || len(h.guard.log) != 0 {
		t.Fatal(refs, err, h.guard.log)
	}
	if err := d.Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	h.expect(a.Touch.ID, touch.StateSent, touch.EventSent)
}

// A touch that is denied at the reservation, and one that was no candidate, are
// in the same segment and get their next step there.
func TestFastPathDeniedTouches(t *testing.T) {
	h := newFixture(t)
	d, slots := h.fastPath(h.ledger, 1)
	var all []ledger.NewTouch
	for i := range 4 {
		all = append(all, h.urgentTouch(fmt.Sprint(i)))
	}
	candidates := []lookup.Candidate{{Index: 0}, {Index: 1}, {Index: 3}} // 2 is no candidate
	h.guard.decide = func(q policies.Question) touch.Verdict {
		switch q.Touch.Key {
		case "0":
			return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "consent"}
		case "1":
			return touch.Verdict{Decision: touch.DecisionDefer, Rule: "night", Until: h.now.Add(time.Hour)}
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	if _, refs, err := d.Accept(h.ctx, all, candidates); err != nil || len(refs) != 0 {
		t.Fatal(refs, err)
	}
	slots.run(t)
	h.expect(all[0].Touch.ID, touch.StateRefused, touch.EventRefused)
	h.expect(all[1].Touch.ID, touch.StateDue, touch.EventDeferred)
	h.expect(all[2].Touch.ID, touch.StateSent, touch.EventSent)
	h.expect(all[3].Touch.ID, touch.StateSent, touch.EventSent)
	if open, err := h.ledger.Work.OpenSegments(h.ctx, all[0].Lane); err != nil || open != 0 {
		t.Error(open, err)
	}
}

// failingIntake is a ledger that cannot store touches.
type failingIntake struct{ ledger.Intake }

func (failingIntake) AcceptAndClaim(context.Context, []ledger.NewTouch, ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	return nil, nil, nil, errDown
}

func TestFastPathFailedAccept(t *testing.T) {
	h := newFixture(t)
	d, slots := h.fastPath(h.ledger.With(func(l *ledger.Ledger) { l.Intake = failingIntake{l.Intake} }), 1)
	a := h.urgentTouch("a")
	if _, _, err := h.accept(d, a); touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
	if got := h.guard.log[touch.DispatchID(a.Touch.ID, 0)]; got != "released" {
		t.Errorf("the contact log says %q", got)
	}
	if slots.free != 1 || len(slots.work) != 0 {
		t.Error("the slot is gone")
	}
}

// TestFastPathWorkerDies: the worker dies after it accepted, claimed and
// reserved. Its lease runs out, and the next worker knows that the touch may
// have been sent.
func TestFastPathWorkerDies(t *testing.T) {
	h := newFixture(t)
	d, _ := h.fastPath(h.ledger, 1)
	a := h.urgentTouch("a")
	if _, _, err := h.accept(d, a); err != nil {
		t.Fatal(err)
	}
	doneSpy := 0
	h.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) {
		doneSpy++
		return touch.Result{Class: touch.ResultRetryable}, true // the vendor never got it
	}
	h.advance(time.Minute)
	refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10)
	if err != nil || len(refs) != 1 {
		t.Fatal(refs, err)
	}
	if err := h.newDeliverer("w2").Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	h.step()
	if v := h.view(a.Touch.ID); v.Progress.State != touch.StateSent || doneSpy != 1 {
		t.Errorf("%s (%s), the vendor was doneSpy %d times", v.Progress.State, v.Progress.Reason, doneSpy)
	}
	if got := h.pool.accepted[touch.DispatchID(a.Touch.ID, 0)]; got != 1 {
		t.Errorf("the vendor took it %d times", got)
	}
}

// changedControl runs by between the verdict and AcceptAndClaim. With unchecked
// set the ledger compares nothing.
type changedControl struct {
	ledger.Intake
	controls  ledger.Controls
	by        func()
	unchecked bool
}

func (l *changedControl) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, hold ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	l.by()
	accepted, held, refs, err := l.Intake.AcceptAndClaim(ctx, touches, hold)
	if l.unchecked && errors.Is(err, ledger.ErrControlChanged) {
		hold.ControlVersion, _ = l.controls.Version(ctx)
		return l.Intake.AcceptAndClaim(ctx, touches, hold)
	}
	return accepted, held, refs, err
}

// TestFastPathKillSwitch: nothing is sent after a kill switch was set, although
// it was judged before. Without the ledger's comparison the test must see a
// broken promise.
func TestFastPathKillSwitch(t *testing.T) {
	for _, unchecked := range []bool{false, true} {
		h := newFixture(t)
		stop := func() {
			if err := h.ledger.Controls.PutKillSwitch(h.ctx, ledger.KillSwitch{ID: "s", Since: h.now}, "me", h.now); err != nil {
				t.Fatal(err)
			}
		}
		d, slots := h.fastPath(h.ledger.With(func(l *ledger.Ledger) {
			l.Intake = &changedControl{Intake: l.Intake, controls: l.Controls, by: stop, unchecked: unchecked}
		}), 1)
		a := h.urgentTouch("a")
		_, refs, err := h.accept(d, a)
		if err != nil {
			t.Fatal(err)
		}
		slots.run(t)
		for _, ref := range refs {
			if err := d.Handle(h.ctx, ref); err != nil {
				t.Fatal(err)
			}
		}
		id := touch.DispatchID(a.Touch.ID, 0)
		if got := h.pool.accepted[id]; (got == 1) != unchecked {
			t.Errorf("with unchecked %v the vendor took %d messages", unchecked, got)
		}
		if !unchecked && (h.guard.log[id] != "released" || h.view(a.Touch.ID).Progress.Reason != "stop:s") {
			t.Errorf("the contact log says %q, the touch waits for %q", h.guard.log[id], h.view(a.Touch.ID).Progress.Reason)
		}
	}
}
