package workers_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// brake stops something or lets it go, and the node hears of it.
func (h *fixture) brake(err error) {
	h.t.Helper()
	if err == nil {
		err = h.watch.Refresh(h.ctx)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *fixture) setCampaign(s ledger.CampaignStatus) {
	h.t.Helper()
	h.brake(h.ledger.Campaigns.SetStatus(h.ctx, "bank", "spring", s, "ops", h.clock()))
}

func (h *fixture) putStop(s ledger.KillSwitch) {
	h.t.Helper()
	h.brake(h.ledger.Controls.PutKillSwitch(h.ctx, s, "ops", h.clock()))
}

func (h *fixture) endStop(id string) {
	h.t.Helper()
	h.brake(h.ledger.Controls.EndKillSwitch(h.ctx, id, "ops", h.clock()))
}

// after returns a hook of the pool that runs change before the n-th call.
func after(n int, change func()) func(adapter.Dispatch) {
	calls := 0
	return func(adapter.Dispatch) {
		if calls++; calls == n {
			change()
		}
	}
}

// TestBrakeBetweenCalls: somebody brakes while a segment is being sent. No call
// begins any more that the brake binds; the touches lose no attempt, hold no
// reservation and have no intent left.
func TestBrakeBetweenCalls(t *testing.T) {
	for name, c := range map[string]struct {
		brake  func(h *fixture)
		want   int // messages of 10
		state  touch.State
		reason string
	}{
		"pause":                    {func(h *fixture) { h.setCampaign(ledger.CampaignPaused) }, 4, touch.StateDue, "campaign_paused"},
		"cancel":                   {func(h *fixture) { h.setCampaign(ledger.CampaignCancelled) }, 4, touch.StateCancelled, "campaign_cancelled"},
		"stop of everything":       {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s"}) }, 4, touch.StateDue, "stop:s"},
		"stop of the channel":      {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Channel: touch.SMS}) }, 4, touch.StateDue, "stop:s"},
		"stop of the category":     {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Category: touch.Marketing}) }, 4, touch.StateDue, "stop:s"},
		"stop of the caller":       {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Caller: "bank"}) }, 4, touch.StateDue, "stop:s"},
		"stop of the provider":     {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Provider: "sms-vendor"}) }, 4, touch.StateDue, "stop:s"},
		"stop of another provider": {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Provider: "other"}) }, 10, touch.StateSent, ""},
		"stop of another channel":  {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Channel: touch.Push}) }, 10, touch.StateSent, ""},
		"pause of another campaign": {func(h *fixture) {
			h.brake(h.ledger.Campaigns.SetStatus(h.ctx, "bank", "summer", ledger.CampaignPaused, "ops", h.now))
		}, 10, touch.StateSent, ""},
		"a policy": {func(h *fixture) {
			h.guard.decide = func(policies.Question) touch.Verdict {
				return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "p/none", Kind: "require"}
			}
			h.brake(h.ledger.PolicySets.Activate(h.ctx, ledger.PolicySet{Hash: "h2"}, "ops", h.now))
		}, 4, touch.StateRefused, "p/none"},
		"a pause that is over": {func(h *fixture) { h.setCampaign(ledger.CampaignPaused); h.setCampaign(ledger.CampaignRunning) }, 10, touch.StateSent, ""},
		"a lost shard": {func(h *fixture) {
			_, err := h.ledger.Controls.RaiseShardEpochs(h.ctx, []int{1}, h.now)
			h.brake(err)
		}, 10, touch.StateSent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			ids := h.submit(10, nil)
			h.pool.before = after(5, func() { c.brake(h) })
			h.step()
			if len(h.pool.accepted) != c.want {
				t.Errorf("%d messages, want %d", len(h.pool.accepted), c.want)
			}
			for _, id := range ids {
				if h.pool.accepted[touch.DispatchID(id, 0)] > 0 {
					continue
				}
				v := h.view(id)
				if v.Progress.State != c.state || v.Progress.Reason != c.reason || v.Progress.Attempts != 0 || v.Sending {
					t.Errorf("%+v", v.Progress)
				}
				h.expectReservation(id, 0, "released")
			}
		})
	}
}

// TestBrakeLetsGo: what a brake holds goes on when it ends, in the next step of
// the reconciler, and so does what is judged by a copy that is older than the end.
func TestBrakeLetsGo(t *testing.T) {
	for name, c := range map[string]struct{ brake, end func(h *fixture) }{
		"pause": {func(h *fixture) { h.setCampaign(ledger.CampaignPaused) }, func(h *fixture) { h.setCampaign(ledger.CampaignRunning) }},
		"stop":  {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s"}) }, func(h *fixture) { h.endStop("s") }},
		"stop with an end": {func(h *fixture) {
			until := h.now.Add(time.Hour)
			h.putStop(ledger.KillSwitch{ID: "s", Until: &until})
		}, func(h *fixture) { h.advance(time.Hour) }},
		"stop that becomes narrower": {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s"}) },
			func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Channel: touch.Push}) }},
		"stop of the only provider": {func(h *fixture) { h.putStop(ledger.KillSwitch{ID: "s", Provider: "sms-vendor"}) },
			func(h *fixture) { h.endStop("s") }},
		"stops of the provider and the channel": {func(h *fixture) {
			h.putStop(ledger.KillSwitch{ID: "p", Provider: "sms-vendor"})
			h.putStop(ledger.KillSwitch{ID: "s", Channel: touch.SMS})
		}, func(h *fixture) {
			h.endStop("s")
			h.letGo()
			h.step() // now the other one holds it
			h.endStop("p")
		}},
		"pause under a stop": {func(h *fixture) {
			h.putStop(ledger.KillSwitch{ID: "s"})
			h.step()
			h.setCampaign(ledger.CampaignPaused)
		}, func(h *fixture) {
			h.endStop("s")
			h.letGo()
			h.step()
			h.setCampaign(ledger.CampaignRunning)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			ids := h.submit(3, nil)
			c.brake(h)
			for range 3 {
				h.step()
				h.letGo()
			}
			if len(h.pool.accepted) != 0 {
				t.Fatalf("braked, and %d messages", len(h.pool.accepted))
			}
			old := staleControl{h.watch, h.watch.Current()}
			c.end(h)
			late := h.submit(1, func(_ int, x *touch.Touch) { x.Key = "late"; x.ID = touch.NewID("bank", "late") })
			for _, ref := range h.feed() { // a node that has not heard of the end
				o := h.options("w2")
				o.Control = old
				if err := workers.NewDeliverer(o).Handle(h.ctx, ref); err != nil {
					t.Fatal(err)
				}
			}
			h.advance(time.Second)
			h.letGo()
			h.step()
			for _, id := range append(ids, late...) {
				h.expect(id, touch.StateSent, touch.EventSent)
			}
		})
	}
}

// staleControl is a node's view that does not follow.
type staleControl struct {
	*ledger.ControlWatcher
	old *ledger.Control
}

func (s staleControl) Current() *ledger.Control { return s.old }

// TestManySmallHolds: touches that were held back one by one go on together.
func TestManySmallHolds(t *testing.T) {
	h := newFixture(t)
	h.tuning.SegmentSize = 1
	h.tuning.Window = 1000
	h.deliverer = h.newDeliverer("w1")
	h.putStop(ledger.KillSwitch{ID: "s"})
	h.submit(250, nil)
	h.step()
	h.endStop("s")
	h.letGo()
	h.step()
	if len(h.pool.accepted) != 250 {
		t.Errorf("%d of 250 went on", len(h.pool.accepted))
	}
}

// TestUnconfirmedIsNotSent: a worker that cannot read the controls sends nothing,
// and what it meant to send counts as not sent.
func TestUnconfirmedIsNotSent(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(4, nil)
	o := h.options("w1")
	o.Control = &unconfirmed{ControlWatcher: h.watch}
	if err := workers.NewDeliverer(o).Handle(h.ctx, h.feed()[0]); err != nil {
		t.Fatal(err)
	}
	if len(h.pool.accepted) != 0 {
		t.Errorf("%d messages", len(h.pool.accepted))
	}
	h.advance(2 * time.Second)
	h.step()
	for _, id := range ids {
		v := h.expect(id, touch.StateSent, touch.EventSent)
		if v.Progress.Attempts > 1 {
			t.Errorf("an attempt was lost: %+v", v.Progress)
		}
	}
}

// unconfirmed is a view that the ledger does not confirm. Between two looks at
// the time lies more than a confirmation is worth.
type unconfirmed struct {
	*ledger.ControlWatcher
	elapsed time.Duration
}

func (*unconfirmed) Confirm(context.Context, time.Duration) (*ledger.Control, error) {
	return nil, errors.New("the ledger does not answer")
}

func (u *unconfirmed) Elapsed() time.Duration {
	u.elapsed += 2 * ledger.ConfirmWithin
	return u.elapsed
}

// TestOthersAreNotJudgedAgain: a change between verdict and intent that does not
// bind a touch costs it no second judgement.
func TestOthersAreNotJudgedAgain(t *testing.T) {
	h := newFixture(t)
	h.submit(6, func(i int, x *touch.Touch) {
		if i%2 == 1 {
			x.Campaign = "summer"
		}
	})
	questions := 0
	h.guard.decide = func(policies.Question) touch.Verdict {
		questions++
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	o := h.options("w1")
	o.Ledger = h.ledger.With(func(l *ledger.Ledger) {
		l.Work = &interruptedWork{Work: l.Work, meanwhile: func() {
			if err := h.ledger.Controls.PutKillSwitch(h.ctx, ledger.KillSwitch{ID: "s", Channel: touch.Push}, "ops", h.now); err != nil {
				t.Fatal(err)
			}
			if err := h.ledger.Campaigns.SetStatus(h.ctx, "bank", "spring", ledger.CampaignPaused, "ops", h.now); err != nil {
				t.Fatal(err)
			}
		}}
	})
	for _, ref := range h.feed() {
		if err := workers.NewDeliverer(o).Handle(h.ctx, ref); err != nil {
			t.Fatal(err)
		}
	}
	if questions != 6 || len(h.pool.accepted) != 3 {
		t.Errorf("%d questions and %d messages, want 6 and 3", questions, len(h.pool.accepted))
	}
	for i := range 6 {
		id := touch.NewID("bank", fmt.Sprintf("k%d", i))
		if sent := h.pool.accepted[touch.DispatchID(id, 0)] > 0; sent != (i%2 == 1) {
			t.Errorf("touch %d sent: %v", i, sent)
		}
	}
}

// TestUnsentIntentsAreReleased: a worker that cannot go on after some of its touches
// were revoked says that these were not sent.
func TestUnsentIntentsAreReleased(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(4, nil)
	ref := h.feed()[0]
	o := h.options("w1")
	broken := &brokenCustomers{Customers: h.ledger.Customers}
	o.Ledger = h.ledger.With(func(l *ledger.Ledger) { l.Customers = broken })
	h.pool.before = after(2, func() {
		broken.down = true
		h.setCampaign(ledger.CampaignPaused)
		h.setCampaign(ledger.CampaignRunning)
		h.brake(h.ledger.PolicySets.Activate(h.ctx, ledger.PolicySet{Hash: "h2"}, "ops", h.now))
	})
	if err := workers.NewDeliverer(o).Handle(h.ctx, ref); touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
	h.advance(2 * time.Minute)
	h.letGo()
	h.step()
	for _, id := range ids {
		h.expect(id, touch.StateSent, touch.EventSent)
	}
}

// brokenCustomers cannot be read while down.
type brokenCustomers struct {
	ledger.Customers
	down bool
}

func (b *brokenCustomers) Get(ctx context.Context, ids []string) (map[string]*touch.Customer, error) {
	if b.down {
		return nil, errDown
	}
	return b.Customers.Get(ctx, ids)
}
