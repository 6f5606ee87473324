package workers_test

import (
	"errors"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func always(class touch.ResultClass, reason string) func(string, adapter.Dispatch) touch.Result {
	return func(string, adapter.Dispatch) touch.Result { return touch.Result{Class: class, Reason: reason} }
}

func (h *fixture) expectReservation(id touch.ID, leg int, want string) {
	h.t.Helper()
	if got := h.guard.log[touch.DispatchID(id, leg)]; got != want {
		h.t.Errorf("leg %d in the contact log is %q, want %q", leg, got, want)
	}
}

func pushThenSMS(_ int, t *touch.Touch) {
	leg := t.Plan[0]
	t.Plan = []touch.Leg{
		{Channel: touch.Push, Content: leg.Content, Wait: touch.Duration(30 * time.Minute), Until: "delivered"}, leg,
	}
}

func TestAcceptedIsSent(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(3, nil)
	h.step()
	for _, id := range ids {
		v := h.expect(id, touch.StateSent, touch.EventSent)
		if len(v.Progress.Contacts) != 1 || !v.Progress.Contacts[0].At.Equal(h.now) {
			t.Errorf("contacts %+v", v.Progress.Contacts)
		}
		h.expectReservation(id, 0, "committed")
	}
	h.step()
	if n := len(h.pool.accepted); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}

func TestVerdicts(t *testing.T) {
	h := newFixture(t)
	later := h.now.Add(9 * time.Hour)
	verdicts := []touch.Verdict{
		{Decision: touch.DecisionRefuse, Rule: "weekly", Kind: "cap", Findings: []touch.Finding{{Rule: "weekly"}}},
		{Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		{Decision: touch.DecisionDefer, Rule: "night", Kind: "hours", Until: later},
		{Decision: touch.DecisionDefer, Rule: "night", Kind: "hours", Until: later},
		{}, // an empty verdict allows nothing
	}
	h.guard.decide = func(q policies.Question) touch.Verdict {
		if !q.Now.Before(later) {
			return touch.Verdict{Decision: touch.DecisionAllow}
		}
		return verdicts[q.Touch.Priority]
	}
	ids := h.submit(len(verdicts), func(i int, tc *touch.Touch) {
		tc.Priority = i
		if i == 3 {
			expires := later.Add(-time.Hour)
			tc.ExpiresAt = &expires
		}
	})
	h.step()
	v := h.expect(ids[0], touch.StateCapped, touch.EventRefused)
	if e := v.Events[1]; e.Verdict == nil || len(e.Verdict.Findings) != 1 {
		t.Error("the refusal does not carry its findings")
	}
	h.expect(ids[1], touch.StateRefused, touch.EventRefused)
	if v := h.expect(ids[2], touch.StateDue, touch.EventDeferred); !v.Progress.Due.Equal(later) {
		t.Errorf("due %s, want %s", v.Progress.Due, later)
	}
	h.expect(ids[3], touch.StateExpired, touch.EventExpired)
	h.expect(ids[4], touch.StateRefused, touch.EventRefused)
	h.advance(9 * time.Hour)
	h.step()
	h.expect(ids[2], touch.StateSent, touch.EventDeferred, touch.EventSent)
}

func TestRejectedTriesNextLeg(t *testing.T) {
	h := newFixture(t)
	id := h.submit(1, pushThenSMS)[0]
	h.pool.answer = func(_ string, d adapter.Dispatch) touch.Result {
		if d.Channel == touch.Push {
			return touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonBadTarget}
		}
		return touch.Result{Class: touch.ResultAccepted}
	}
	h.step()
	h.expectReservation(id, 0, "released")
	h.step()
	h.expect(id, touch.StateSent, touch.EventUndelivered, touch.EventFallback, touch.EventSent)
	h.expectReservation(id, 1, "committed")
}

func TestRejectedOnLastLeg(t *testing.T) {
	h := newFixture(t)
	id := h.submit(1, nil)[0]
	h.pool.answer = always(touch.ResultRejected, touch.ReasonBadTarget)
	h.step()
	v := h.expect(id, touch.StateFailed, touch.EventUndelivered, touch.EventFailed)
	if v.Progress.Reason != touch.ReasonBadTarget {
		t.Errorf("reason %q", v.Progress.Reason)
	}
	h.expectReservation(id, 0, "released")
}

func TestRetryableTriesAnotherProvider(t *testing.T) {
	h := newFixture(t)
	h.pool.names = []string{"a", "b"}
	h.pool.answer = func(provider string, _ adapter.Dispatch) touch.Result {
		if provider == "a" {
			return touch.Result{Class: touch.ResultRetryable}
		}
		return touch.Result{Class: touch.ResultAccepted}
	}
	id := h.submit(1, nil)[0]
	h.step()
	if v := h.expect(id, touch.StateSent, touch.EventSent); v.Progress.Provider != "b" {
		t.Errorf("sent by %q", v.Progress.Provider)
	}
}

func TestMaxAttempts(t *testing.T) {
	h := newFixture(t)
	h.pool.answer = always(touch.ResultRetryable, "")
	id := h.submit(1, nil)[0]
	for range 3 {
		h.step()
		h.advance(time.Hour)
	}
	h.expect(id, touch.StateFailed, touch.EventRetry, touch.EventRetry, touch.EventUndelivered, touch.EventFailed)
	h.expectReservation(id, 0, "released")
}

func TestThrottledSpendsNoAttempt(t *testing.T) {
	h := newFixture(t)
	h.pool.answer = func(string, adapter.Dispatch) touch.Result {
		return touch.Result{Class: touch.ResultThrottled, RetryAfter: time.Minute, NoAttempt: true}
	}
	id := h.submit(1, nil)[0]
	for range 10 {
		h.step()
		h.advance(time.Minute)
	}
	v := h.expect(id, touch.StateDue)
	if v.Progress.Attempts != 0 {
		t.Errorf("%d attempts spent", v.Progress.Attempts)
	}
}

func TestUnknownKeepsProvider(t *testing.T) {
	h := newFixture(t)
	h.pool.names = []string{"a", "b"}
	var used []string
	h.pool.answer = func(provider string, _ adapter.Dispatch) touch.Result {
		used = append(used, provider)
		return touch.Result{} // unknown
	}
	id := h.submit(1, nil)[0]
	for range 6 {
		h.step()
		h.advance(time.Hour)
	}
	v := h.expect(id, touch.StateUnconfirmed, touch.EventUnknown, touch.EventUnconfirmed)
	if len(used) != 1 || len(v.Progress.Contacts) != 1 {
		t.Errorf("sent by %v, contacts %+v: marketing with an unknown outcome counts as sent, once", used, v.Progress.Contacts)
	}
	h.expectReservation(id, 0, "committed")
}

func TestUnknownRepeatsIdempotentSend(t *testing.T) {
	h := newFixture(t)
	h.pool.caps["sms-vendor"] = adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
	n := 0
	h.pool.answer = func(string, adapter.Dispatch) touch.Result {
		if n++; n == 1 {
			return touch.Result{}
		}
		return touch.Result{Class: touch.ResultAccepted}
	}
	id := h.submit(1, nil)[0]
	h.step()
	h.expect(id, touch.StateUnknown, touch.EventUnknown)
	h.advance(time.Minute)
	h.step()
	h.expect(id, touch.StateSent, touch.EventUnknown, touch.EventSent)
	h.expectReservation(id, 0, "committed")
}

func TestUnknownQueriesVendor(t *testing.T) {
	for name, tc := range map[string]struct {
		class   touch.ResultClass
		want    touch.State
		contact string
	}{
		"it has it":     {touch.ResultAccepted, touch.StateSent, "committed"},
		"it has it not": {touch.ResultRetryable, touch.StateDue, "released"},
		"it cannot say": {touch.ResultUnknown, touch.StateUnknown, "reserved"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.pool.answer = always(touch.ResultUnknown, "")
			h.pool.query = func(string, adapter.Dispatch) (touch.Result, bool) { return touch.Result{Class: tc.class}, true }
			id := h.submit(1, nil)[0]
			h.step()
			h.advance(time.Minute)
			h.step()
			if v := h.view(id); v.Progress.State != tc.want {
				t.Errorf("state %s, want %s", v.Progress.State, tc.want)
			}
			h.expectReservation(id, 0, tc.contact)
		})
	}
}

func TestUrgentUnknownIsResentOnce(t *testing.T) {
	h := newFixture(t)
	h.pool.answer = always(touch.ResultUnknown, "")
	id := h.submit(1, func(_ int, t *touch.Touch) { t.Category = touch.Transactional })[0]
	for range 12 {
		h.step()
		h.advance(time.Hour)
	}
	if h.pool.resent != 1 {
		t.Errorf("resent %d times, want once", h.pool.resent)
	}
	if v := h.view(id); v.Progress.State != touch.StateUnconfirmed {
		t.Errorf("ended %s", v.Progress.State)
	}
}

func TestOverdueReceiptTriesNextLeg(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(2, pushThenSMS)
	h.step()
	receipt := touch.Receipt{Dispatch: touch.DispatchID(ids[1], 0), Kind: touch.ReceiptDelivered, At: h.now}
	if _, err := h.ledger.Receipts.Receive(h.ctx, []touch.Receipt{receipt}, h.now); err != nil {
		t.Fatal(err)
	}
	h.advance(30 * time.Minute)
	h.step()
	h.expect(ids[0], touch.StateSent, touch.EventSent, touch.EventFallback, touch.EventSent)
	h.expect(ids[1], touch.StateDelivered, touch.EventSent, touch.EventDelivered)
	if h.pool.accepted[touch.DispatchID(ids[1], 1)] != 0 {
		t.Error("the next leg went out although the first had arrived")
	}
}

func TestRefusalAfterSentLeg(t *testing.T) {
	h := newFixture(t)
	h.guard.decide = func(q policies.Question) touch.Verdict {
		if q.Leg == 0 {
			return touch.Verdict{Decision: touch.DecisionAllow}
		}
		return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "weekly", Kind: "cap"}
	}
	id := h.submit(1, pushThenSMS)[0]
	h.step()
	h.advance(30 * time.Minute)
	h.step()
	h.expect(id, touch.StateUnconfirmed, touch.EventSent, touch.EventFallback, touch.EventUnconfirmed)
}

func TestCrashAfterIntent(t *testing.T) {
	h := newFixture(t)
	h.pool.caps["sms-vendor"] = adapter.Capabilities{IdempotencyWindow: time.Hour, EchoesID: true}
	id := h.submit(1, nil)[0]
	ref := h.feed()[0]
	seg, err := h.ledger.Work.Claim(h.ctx, ref, "dying", h.now, h.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	intent := ledger.Intent{Seq: seg.Touches[0].Progress.Seq, Version: seg.Touches[0].Progress.Version, Attempt: 1, Provider: "sms-vendor", At: h.now}
	if _, err := h.ledger.Work.Intend(h.ctx, ref, h.watch.Current().Version, []ledger.Intent{intent}); err != nil {
		t.Fatal(err)
	}
	h.pool.accepted[touch.DispatchID(id, 0)]++ // it was sent, and the worker died
	if err := h.deliverer.Handle(h.ctx, ref); err != nil {
		t.Fatal(err)
	}
	h.expect(id, touch.StateDue) // the lease still runs: no other worker may claim it
	h.advance(2 * time.Minute)
	refs, err := h.ledger.Recovery.ReclaimExpired(h.ctx, h.now, h.now.Add(-time.Hour), 10)
	if err != nil || len(refs) != 1 {
		t.Fatalf("recovered %v, %v", refs, err)
	}
	if err := h.deliverer.Handle(h.ctx, ref); err != nil {
		t.Fatal(err)
	}
	h.expect(id, touch.StateDue) // the old epoch is void
	if err := h.deliverer.Handle(h.ctx, refs[0]); err != nil {
		t.Fatal(err)
	}
	h.expect(id, touch.StateSent, touch.EventSent)
	if err := h.ledger.Work.Apply(h.ctx, ref, nil); !errors.Is(err, err) || touch.ClassOf(err) != touch.Conflict {
		t.Errorf("the dead worker's transitions: %v", err)
	}
}

func TestKillSwitchAfterVerdict(t *testing.T) {
	h := newFixture(t)
	id := h.submit(1, nil)[0]
	h.guard.decide = func(q policies.Question) touch.Verdict {
		// The kill switch is set between the verdict and the intent.
		stop := ledger.KillSwitch{ID: "s1", Owner: "ops", Reason: "wrong text", Since: h.now}
		if err := h.ledger.Controls.PutKillSwitch(h.ctx, stop, "ops", h.now); err != nil {
			t.Fatal(err)
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	h.step()
	v := h.expect(id, touch.StateDue)
	if len(h.pool.accepted) != 0 || v.Progress.Reason != "stop:s1" {
		t.Errorf("sent %v, reason %q", h.pool.accepted, v.Progress.Reason)
	}
	h.expectReservation(id, 0, "released")
	h.guard.decide = nil
	if err := h.ledger.Controls.EndKillSwitch(h.ctx, "s1", "ops", h.now); err != nil {
		t.Fatal(err)
	}
	if err := h.watch.Refresh(h.ctx); err != nil {
		t.Fatal(err)
	}
	h.letGo()
	h.step()
	h.expect(id, touch.StateSent, touch.EventSent)
}

func TestCancelAfterVerdict(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(2, nil)
	id := ids[0]
	h.guard.decide = func(q policies.Question) touch.Verdict {
		if q.Touch.ID == id {
			if _, err := h.ledger.Touches.Cancel(h.ctx, "bank", id, "ops", h.now); err != nil {
				t.Fatal(err)
			}
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	h.step()
	h.expect(id, touch.StateCancelled, touch.EventCancelled)
	h.expect(ids[1], touch.StateSent, touch.EventSent)
	if h.pool.accepted[touch.DispatchID(id, 0)] != 0 {
		t.Error("a cancelled touch went out")
	}
	h.expectReservation(id, 0, "released")
}

func TestPausedCampaignWaits(t *testing.T) {
	h := newFixture(t)
	ids := h.submit(5, nil)
	set := func(s ledger.CampaignStatus) {
		if err := h.ledger.Campaigns.SetStatus(h.ctx, "bank", "spring", s, "ops", h.now); err != nil {
			t.Fatal(err)
		}
		if err := h.watch.Refresh(h.ctx); err != nil {
			t.Fatal(err)
		}
	}
	set(ledger.CampaignPaused)
	for range 3 {
		h.step()
	}
	if len(h.pool.accepted) != 0 {
		t.Fatal("a paused campaign went out")
	}
	set(ledger.CampaignRunning)
	h.letGo()
	h.step()
	for _, id := range ids {
		h.expect(id, touch.StateSent, touch.EventSent)
	}
}

func TestContactLogDown(t *testing.T) {
	h := newFixture(t)
	id := h.submit(1, nil)[0]
	h.guard.down = true
	h.step()
	h.expect(id, touch.StateDue)
	if len(h.pool.accepted) != 0 {
		t.Fatal("a check was skipped")
	}
	h.guard.down = false
	h.advance(time.Minute)
	h.step()
	h.expect(id, touch.StateSent, touch.EventSent)
}

func TestNoAddressTriesTheNextLeg(t *testing.T) {
	h := newFixture(t)
	id := h.submit(1, func(i int, t *touch.Touch) {
		pushThenSMS(i, t)
		delete(t.Addresses, touch.Push)
	})[0]
	h.step()
	h.step()
	h.expect(id, touch.StateSent, touch.EventFallback, touch.EventSent)
}

func TestRegisterMarksReachTheGuard(t *testing.T) {
	h := newFixture(t)
	mark := touch.Listing{List: "dnc", Key: touch.RegisterKey, Since: h.now, CheckedAt: &h.now}
	if err := h.ledger.Listings.Put(h.ctx, []touch.Listing{mark}, "ops", h.now); err != nil {
		t.Fatal(err)
	}
	known := 0
	h.guard.decide = func(q policies.Question) touch.Verdict {
		for _, l := range q.Listings {
			if l.List == "dnc" && l.CheckedAt != nil {
				known++
			}
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	h.submit(2, nil)
	h.step()
	if known != 2 {
		t.Errorf("known to %d of 2 questions", known)
	}
}
