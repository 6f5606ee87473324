package workers_test

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// killableWork is the ledger of a worker that can be killed. From then on
// neither a result nor a release reaches the ledger.
type killableWork struct {
	ledger.Work
	life context.Context
}

func (m killableWork) dead() bool { return m.life.Err() != nil }

func (m killableWork) Release(ctx context.Context, ref ledger.SegmentRef, worker string) error {
	if m.dead() {
		return nil
	}
	return m.Work.Release(ctx, ref, worker)
}

func (m killableWork) Renew(ctx context.Context, ref ledger.SegmentRef, worker string, until time.Time) error {
	if m.dead() {
		return nil
	}
	return m.Work.Renew(ctx, ref, worker, until)
}

func (m killableWork) Apply(ctx context.Context, ref ledger.SegmentRef, trs []ledger.Transition) error {
	if m.dead() {
		return touch.Errorf(touch.Conflict, "", "a dead worker settles nothing")
	}
	return m.Work.Apply(ctx, ref, trs)
}

// crashTest runs workers that die when the test says so, and counts them.
type crashTest struct {
	*fixture
	die    context.CancelFunc // of the current worker
	deaths int
}

// deliverAll delivers until nothing is left, with a new worker for each
// segment, and reclaims segments after each round.
func (m *crashTest) deliverAll() {
	m.t.Helper()
	queue := m.feed()
	for round := 0; len(queue) > 0; round++ {
		if round > 20 {
			m.t.Fatalf("%d workers died, and there is no end", m.deaths)
		}
		for _, ref := range queue {
			life, die := context.WithCancel(m.ctx)
			m.die = die
			o := m.options("killableWork")
			o.Ledger = m.ledger.With(func(l *ledger.Ledger) { l.Work = killableWork{l.Work, life} })
			// An error is for the queue; there is none here.
			_ = workers.NewDeliverer(o).Handle(life, ref)
			if life.Err() != nil {
				m.deaths++
			}
			die()
		}
		m.advance(2 * time.Minute)
		refs, err := m.ledger.Recovery.ReclaimExpired(m.ctx, m.clock(), m.clock(), 1000)
		if err != nil {
			m.t.Fatal(err)
		}
		queue = append(refs, m.feed()...)
	}
}

// kill makes a touch kill the worker that sends it, before or after the vendor
// has accepted the message.
func (m *crashTest) kill(id touch.ID, taken bool) {
	m.pool.answer = func(_ string, d adapter.Dispatch) touch.Result {
		if d.Touch != id {
			return touch.Result{Class: touch.ResultAccepted}
		}
		m.die()
		if taken {
			return touch.Result{Class: touch.ResultAccepted}
		}
		return touch.Result{}
	}
}

// TestPoisonTouchOf500: one touch of 500 kills every worker that sends it.
func TestPoisonTouchOf500(t *testing.T) {
	m := &crashTest{fixture: newFixture(t)}
	ids := m.submit(500, nil)
	killer := ids[371]
	m.kill(killer, false)
	m.pool.query = func(_ string, d adapter.Dispatch) (touch.Result, bool) {
		if m.pool.accepted[d.ID] > 0 {
			return touch.Result{Class: touch.ResultAccepted}, true
		}
		return touch.Result{Class: touch.ResultRetryable}, true
	}
	m.deliverAll()
	if m.deaths != 3 {
		t.Errorf("%d workers died, want 3", m.deaths)
	}
	for _, id := range ids {
		want, messages := touch.StateSent, 1
		if id == killer {
			want, messages = touch.StateDead, 0
		}
		if v := m.view(id); v.Progress.State != want {
			t.Errorf("%s is %s, want %s", v.Touch.Key, v.Progress.State, want)
		}
		if n := m.pool.accepted[touch.DispatchID(id, 0)]; n != messages {
			t.Errorf("%d messages, want %d", n, messages)
		}
	}
	v := m.view(killer)
	if last := v.Events[len(v.Events)-1]; last.Kind != touch.EventDead || last.Reason != "crashed_workers" {
		t.Errorf("the last event is %+v", last)
	}
}

// TestPoisonWhileJudging: there is no intent, so it was surely not sent, and
// its reservation is released.
func TestPoisonWhileJudging(t *testing.T) {
	m := &crashTest{fixture: newFixture(t)}
	ids := m.submit(20, nil)
	killer := ids[7]
	m.guard.decide = func(q policies.Question) touch.Verdict {
		if q.Touch.ID == killer {
			m.die()
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	m.deliverAll()
	if m.deaths != 3 {
		t.Errorf("%d workers died, want 3", m.deaths)
	}
	for _, id := range ids {
		if id != killer {
			m.expect(id, touch.StateSent, touch.EventSent)
		}
	}
	if v := m.expect(killer, touch.StateDead, touch.EventDead); len(v.Progress.Contacts) != 0 {
		t.Errorf("contacts %+v", v.Progress.Contacts)
	}
	m.expectReservation(killer, 0, "released")
	m.guard.decide = nil
	m.redrive(ledger.Redriven{Due: 1})
	m.expect(killer, touch.StateSent, touch.EventDead, touch.EventRetry, touch.EventSent)
}

// TestPoisonThatMayBeSent: the vendor has the message, the worker died with the
// answer, and the vendor cannot be asked.
func TestPoisonThatMayBeSent(t *testing.T) {
	m := &crashTest{fixture: newFixture(t)}
	m.pool.caps["sms-vendor"] = adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
	ids := m.submit(5, nil)
	m.kill(ids[2], true)
	m.deliverAll()
	v := m.expect(ids[2], touch.StateDead, touch.EventDead)
	if len(v.Progress.Contacts) != 1 || v.Progress.Provider != "sms-vendor" {
		t.Errorf("contacts %+v by %q: it may have been sent", v.Progress.Contacts, v.Progress.Provider)
	}
	m.expectReservation(ids[2], 0, "committed")
	for _, i := range []int{0, 1, 3, 4} {
		m.expect(ids[i], touch.StateSent, touch.EventSent)
	}
	// After a redrive the vendor is asked, and nothing is sent.
	messages := m.pool.accepted[touch.DispatchID(ids[2], 0)]
	m.pool.answer, m.pool.caps = nil, map[string]adapter.Capabilities{}
	m.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) {
		return touch.Result{Class: touch.ResultAccepted}, true
	}
	m.redrive(ledger.Redriven{Asked: 1})
	m.expect(ids[2], touch.StateSent, touch.EventDead, touch.EventUnknown, touch.EventSent)
	if n := m.pool.accepted[touch.DispatchID(ids[2], 0)]; n != messages {
		t.Errorf("%d messages after the redrive, %d before", n, messages)
	}
}

// redrive redrives the dead letters and delivers them.
func (m *crashTest) redrive(want ledger.Redriven) {
	m.t.Helper()
	n, _, err := m.ledger.DeadLetters.Redrive(m.ctx, ledger.DeadLetterFilter{}, false, "ops", m.clock())
	if err != nil || n != want {
		m.t.Fatalf("redriven %+v, %v, want %+v", n, err, want)
	}
	m.deliverAll()
}

// TestOneIsolationAtATime: while one segment is isolated the other is requeued,
// which is no crash.
func TestOneIsolationAtATime(t *testing.T) {
	h := newFixture(t)
	h.tuning.SegmentSize = 1
	ids := h.submit(2, nil)
	refs := h.feed()
	for range 2 { // both lose two workers
		for _, ref := range refs {
			if _, err := h.ledger.Work.Claim(h.ctx, ref, "dying", h.now, h.now.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		h.advance(time.Minute)
		var err error
		if refs, err = h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10); err != nil || len(refs) != 2 {
			t.Fatal(refs, err)
		}
	}
	d := h.newDeliverer("w")
	h.guard.decide = func(q policies.Question) touch.Verdict {
		if q.Touch.ID == ids[0] { // while the first segment is isolated
			h.guard.mu.Unlock()
			if err := d.Handle(h.ctx, refs[1]); err != nil {
				t.Error(err)
			}
			h.guard.mu.Lock()
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	if err := d.Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	h.expect(ids[0], touch.StateSent, touch.EventSent)
	h.expect(ids[1], touch.StateDue)
	seg, err := h.ledger.Work.Claim(h.ctx, refs[1], "next", h.now, h.now.Add(time.Minute))
	if err != nil || seg.Crashes != 2 {
		t.Errorf("claimed %+v, %v: giving back is no crash", seg, err)
	}
}
