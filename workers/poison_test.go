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

// mortal is the ledger of a worker that can be killed: from then on nothing of
// it reaches the ledger, neither a result nor the lease given back.
type mortal struct {
	ledger.Work
	life context.Context
}

func (m mortal) dead() bool { return m.life.Err() != nil }

func (m mortal) Renew(ctx context.Context, ref ledger.SegmentRef, worker string, until time.Time) error {
	if m.dead() {
		return nil
	}
	return m.Work.Renew(ctx, ref, worker, until)
}

func (m mortal) Apply(ctx context.Context, ref ledger.SegmentRef, trs []ledger.Transition) error {
	if m.dead() {
		return touch.Errorf(touch.Conflict, "", "a dead worker settles nothing")
	}
	return m.Work.Apply(ctx, ref, trs)
}

// mortuary runs workers that die when a test says so, and counts them.
type mortuary struct {
	*house
	die    context.CancelFunc // of the worker at work
	deaths int
}

// deliverAll works on everything until nothing is left to do, with a fresh
// worker for each segment and the reconciler after each.
func (m *mortuary) deliverAll() {
	m.t.Helper()
	queue := m.feed()
	for round := 0; len(queue) > 0; round++ {
		if round > 20 {
			m.t.Fatalf("%d workers died, and there is no end", m.deaths)
		}
		for _, ref := range queue {
			life, die := context.WithCancel(m.ctx)
			m.die = die
			o := m.options("mortal")
			o.Ledger = m.ledger.With(func(l *ledger.Ledger) { l.Work = mortal{l.Work, life} })
			// Dead or alive, what a worker answers is only for the queue.
			_ = workers.NewDeliverer(o).Handle(life, ref)
			if life.Err() != nil {
				m.deaths++
			}
			die()
		}
		m.pass(2 * time.Minute)
		refs, err := m.ledger.Recovery.ReclaimExpired(m.ctx, m.clock(), m.clock(), 1000)
		if err != nil {
			m.t.Fatal(err)
		}
		queue = append(refs, m.feed()...)
	}
}

// kill makes the sending of one touch the death of its worker, before or after
// the vendor has taken the message.
func (m *mortuary) kill(id touch.ID, taken bool) {
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

// TestOnlyTheTouchThatKillsIsPutAside: one of 500 kills whoever sends it.
func TestOnlyTheTouchThatKillsIsPutAside(t *testing.T) {
	m := &mortuary{house: newHouse(t)}
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

// TestAKillerInJudgementIsPutAside: no intent stands, so it surely was not
// sent, and the place that it had reserved is free again.
func TestAKillerInJudgementIsPutAside(t *testing.T) {
	m := &mortuary{house: newHouse(t)}
	ids := m.submit(20, nil)
	killer := ids[7]
	m.guard.say = func(q policies.Question) touch.Verdict {
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
	m.reserved(killer, 0, "released")
	m.guard.say = nil
	m.redrive(ledger.Redriven{Due: 1})
	m.expect(killer, touch.StateSent, touch.EventDead, touch.EventRetry, touch.EventSent)
}

// TestAKillerThatMayBeSentKeepsItsPlace: the vendor has it, the worker died
// over the answer, and nobody can be asked.
func TestAKillerThatMayBeSentKeepsItsPlace(t *testing.T) {
	m := &mortuary{house: newHouse(t)}
	m.pool.caps["sms-vendor"] = adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
	ids := m.submit(5, nil)
	m.kill(ids[2], true)
	m.deliverAll()
	v := m.expect(ids[2], touch.StateDead, touch.EventDead)
	if len(v.Progress.Contacts) != 1 || v.Progress.Provider != "sms-vendor" {
		t.Errorf("contacts %+v by %q: it may have been sent", v.Progress.Contacts, v.Progress.Provider)
	}
	m.reserved(ids[2], 0, "committed")
	for _, i := range []int{0, 1, 3, 4} {
		m.expect(ids[i], touch.StateSent, touch.EventSent)
	}
	// Redriven, the vendor is asked, and nothing is sent.
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

// redrive gives what was put aside back, and has it delivered.
func (m *mortuary) redrive(want ledger.Redriven) {
	m.t.Helper()
	n, _, err := m.ledger.DeadLetters.Redrive(m.ctx, ledger.DeadLetterFilter{}, false, "ops", m.clock())
	if err != nil || n != want {
		m.t.Fatalf("redriven %+v, %v, want %+v", n, err, want)
	}
	m.deliverAll()
}

// TestSuspectedSegmentsTakeTurns: while one is in work the other is given
// back, which is no crash.
func TestSuspectedSegmentsTakeTurns(t *testing.T) {
	h := newHouse(t)
	h.tuning.SegmentSize = 1
	ids := h.submit(2, nil)
	refs := h.feed()
	for range 2 { // both lose two workers
		for _, ref := range refs {
			if _, err := h.ledger.Work.Claim(h.ctx, ref, "dying", h.now, h.now.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		h.pass(time.Minute)
		var err error
		if refs, err = h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10); err != nil || len(refs) != 2 {
			t.Fatal(refs, err)
		}
	}
	d := h.newDeliver("w")
	h.guard.say = func(q policies.Question) touch.Verdict {
		if q.Touch.ID == ids[0] { // in the middle of the first one's work
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
