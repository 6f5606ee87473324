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

// otp makes an urgent touch that intake would let go now.
func (h *house) otp(key string) ledger.NewTouch {
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

// accept has the deliverer accept touches that may all be sent at once.
func (h *house) accept(d *workers.Deliverer, touches ...ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
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
func (h *house) fastPath(l *ledger.Ledger, free int) (*workers.Deliverer, *fakeSlots) {
	slots := &fakeSlots{ctx: h.ctx, free: free}
	o := h.options("w1")
	o.Ledger = l
	o.TakeSlot = slots.take
	return workers.NewDeliverer(o), slots
}

// unread is a ledger in which what was accepted is neither claimed nor read back.
type unread struct {
	ledger.Work
	ledger.Customers
	t *testing.T
}

func (u unread) Claim(context.Context, ledger.SegmentRef, string, time.Time, time.Time) (*ledger.Segment, error) {
	u.t.Error("claimed what it held already")
	return nil, errDown
}

func (u unread) Intend(context.Context, ledger.SegmentRef, int64, []ledger.Intent) ([]int, error) {
	u.t.Error("intended twice")
	return nil, errDown
}

func (u unread) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	u.t.Error("read what intake had just read")
	return nil, errDown
}

func TestStraightFromIntakeToTheVendor(t *testing.T) {
	h := newHouse(t)
	d, slots := h.fastPath(h.ledger.With(func(l *ledger.Ledger) {
		read := unread{l.Work, l.Customers, t}
		l.Work = read
		l.Customers = read
	}), 1)
	a := h.otp("a")
	b := h.otp("b")
	answers, refs, err := h.accept(d, a, b, a)
	if err != nil || len(refs) != 0 || !answers[0].New || !answers[1].New || !answers[2].Same {
		t.Fatal(answers, refs, err)
	}
	if len(h.pool.accepted) != 0 || slots.free != 1 {
		t.Fatal("the caller waited for the vendor, or the place is gone")
	}
	slots.run(t)
	h.expect(a.Touch.ID, touch.StateSent, touch.EventSent)
	h.expect(b.Touch.ID, touch.StateSent, touch.EventSent)
	if id := touch.DispatchID(a.Touch.ID, 0); h.pool.accepted[id] != 1 || h.guard.log[id] != "committed" {
		t.Errorf("the vendor took %d, the contact log says %s", h.pool.accepted[id], h.guard.log[id])
	}
	// The same again is a repeat, and gives its place back unused.
	answers, _, err = h.accept(d, a)
	if err != nil || !answers[0].Same || answers[0].State != touch.StateSent || len(slots.work) != 0 || slots.free != 1 {
		t.Fatal(answers, err, len(slots.work), slots.free)
	}
	c := h.otp("c")
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

// asked is a context that notes whether somebody would have waited for its end.
type asked struct {
	context.Context
	waits bool
}

func (a *asked) Done() <-chan struct{} {
	a.waits = true
	over := make(chan struct{})
	close(over)
	return over
}

// standsBack reports whether bulk would wait now.
func standsBack(way *priority.Gate) bool {
	ctx := &asked{Context: context.Background()}
	way.WaitForUrgent(ctx)
	return ctx.waits
}

// settling tells when the ledger is told what came of touches.
type settling struct {
	ledger.Work
	begins func()
}

func (s settling) Apply(ctx context.Context, ref ledger.SegmentRef, trs []ledger.Transition) error {
	s.begins()
	return s.Work.Apply(ctx, ref, trs)
}

// TestBulkStandsBackUntilTheVendorHasTheUrgent: straight from intake, and from
// a lane.
func TestBulkStandsBackUntilTheVendorHasTheUrgent(t *testing.T) {
	h := newHouse(t)
	way, waits, late := &priority.Gate{MaxWait: time.Hour}, false, false
	h.pool.answer = func(string, adapter.Dispatch) touch.Result {
		waits = standsBack(way)
		return touch.Result{Class: touch.ResultAccepted}
	}
	slots := &fakeSlots{ctx: h.ctx, free: 1}
	o := h.options("w1")
	o.TakeSlot = slots.take
	o.PriorityGate = way
	o.Ledger = h.ledger.With(func(l *ledger.Ledger) {
		l.Work = settling{l.Work, func() { late = standsBack(way) }}
	})
	d := workers.NewDeliverer(o)
	a := h.otp("a")
	if _, _, err := h.accept(d, a); err != nil || !standsBack(way) {
		t.Fatal("before the vendor is called, bulk goes on", err)
	}
	slots.run(t)
	if !waits || late || standsBack(way) {
		t.Errorf("straight from intake bulk stood back: %v; while it was settled: %v; and afterwards: %v", waits, late, standsBack(way))
	}
	for _, c := range []touch.Category{touch.Transactional, touch.Marketing} {
		waits = false
		h.submit(1, func(_ int, t *touch.Touch) { t.Key, t.Category = string(c), c; t.ID = touch.NewID("bank", t.Key) })
		for _, ref := range h.feed() {
			if err := d.Handle(h.ctx, ref); err != nil {
				t.Fatal(err)
			}
		}
		if urgent := c == touch.Transactional; waits != urgent || standsBack(way) {
			t.Errorf("%s from a lane: bulk stood back: %v; and afterwards: %v", c, waits, standsBack(way))
		}
	}
}

func TestWithoutAPlaceItIsEnqueued(t *testing.T) {
	h := newHouse(t)
	d, _ := h.fastPath(h.ledger, 0)
	a := h.otp("a")
	_, refs, err := h.accept(d, a)
	if err != nil || len(refs) != 1 || len(h.guard.log) != 0 {
		t.Fatal(refs, err, h.guard.log)
	}
	if err := d.Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	h.expect(a.Touch.ID, touch.StateSent, touch.EventSent)
}

// What is denied between forecast and reservation, and what nobody asked
// about, is in the same segment and comes to its end there.
func TestWhatMustWaitAfterAllIsSettledWithTheRest(t *testing.T) {
	h := newHouse(t)
	d, slots := h.fastPath(h.ledger, 1)
	var all []ledger.NewTouch
	for i := range 4 {
		all = append(all, h.otp(fmt.Sprint(i)))
	}
	candidates := []lookup.Candidate{{Index: 0}, {Index: 1}, {Index: 3}} // nobody asked about 2
	h.guard.say = func(q policies.Question) touch.Verdict {
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

// refusing is a ledger that takes nothing in.
type refusing struct{ ledger.Intake }

func (refusing) AcceptAndClaim(context.Context, []ledger.NewTouch, ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	return nil, nil, nil, errDown
}

func TestAFailedAcceptGivesPlacesBack(t *testing.T) {
	h := newHouse(t)
	d, slots := h.fastPath(h.ledger.With(func(l *ledger.Ledger) { l.Intake = refusing{l.Intake} }), 1)
	a := h.otp("a")
	if _, _, err := h.accept(d, a); touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
	if got := h.guard.log[touch.DispatchID(a.Touch.ID, 0)]; got != "released" {
		t.Errorf("the contact log says %q", got)
	}
	if slots.free != 1 || len(slots.work) != 0 {
		t.Error("the direct place is gone")
	}
}

// TestAWorkerThatDiesStraightAway: it accepted, held and reserved, and then
// was gone. The lease ends, and who takes the segment over knows that the
// touch may have been sent.
func TestAWorkerThatDiesStraightAway(t *testing.T) {
	h := newHouse(t)
	d, _ := h.fastPath(h.ledger, 1)
	a := h.otp("a")
	if _, _, err := h.accept(d, a); err != nil {
		t.Fatal(err)
	}
	asked := 0
	h.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) {
		asked++
		return touch.Result{Class: touch.ResultRetryable}, true // the vendor never saw it
	}
	h.pass(time.Minute)
	refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10)
	if err != nil || len(refs) != 1 {
		t.Fatal(refs, err)
	}
	if err := h.newDeliver("w2").Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	h.step()
	if v := h.view(a.Touch.ID); v.Progress.State != touch.StateSent || asked != 1 {
		t.Errorf("%s (%s), the vendor was asked %d times", v.Progress.State, v.Progress.Reason, asked)
	}
	if got := h.pool.accepted[touch.DispatchID(a.Touch.ID, 0)]; got != 1 {
		t.Errorf("the vendor took it %d times", got)
	}
}

// late lets something happen between a straight judgement and its accept; with
// lie set, the ledger does not compare.
type late struct {
	ledger.Intake
	controls ledger.Controls
	by       func()
	lie      bool
}

func (l *late) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, hold ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	l.by()
	accepted, held, refs, err := l.Intake.AcceptAndClaim(ctx, touches, hold)
	if l.lie && errors.Is(err, ledger.ErrControlChanged) {
		hold.ControlVersion, _ = l.controls.Version(ctx)
		return l.Intake.AcceptAndClaim(ctx, touches, hold)
	}
	return accepted, held, refs, err
}

// TestAStopDuringIntakeHolds: nothing is sent after a stop although it was
// judged before. Without the ledger's comparison the promise is broken, and
// this test sees it.
func TestAStopDuringIntakeHolds(t *testing.T) {
	for _, lie := range []bool{false, true} {
		h := newHouse(t)
		stop := func() {
			if err := h.ledger.Controls.PutKillSwitch(h.ctx, ledger.KillSwitch{ID: "s", Since: h.now}, "me", h.now); err != nil {
				t.Fatal(err)
			}
		}
		d, slots := h.fastPath(h.ledger.With(func(l *ledger.Ledger) {
			l.Intake = &late{Intake: l.Intake, controls: l.Controls, by: stop, lie: lie}
		}), 1)
		a := h.otp("a")
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
		if got := h.pool.accepted[id]; (got == 1) != lie {
			t.Errorf("with lie %v the vendor took %d messages", lie, got)
		}
		if !lie && (h.guard.log[id] != "released" || h.view(a.Touch.ID).Progress.Reason != "stop:s") {
			t.Errorf("the contact log says %q, the touch waits for %q", h.guard.log[id], h.view(a.Touch.ID).Progress.Reason)
		}
	}
}
