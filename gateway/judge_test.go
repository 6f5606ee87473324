package gateway_test

import (
	"slices"
	"testing"
	"time"

	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func byChannel(decisions map[touch.Channel]touch.Verdict) func(policies.Question) touch.Verdict {
	return func(q policies.Question) touch.Verdict {
		v := decisions[q.Touch.Plan[q.Leg].Channel]
		v.Channel, v.At = q.Touch.Plan[q.Leg].Channel, q.Now
		v.Findings = []touch.Finding{{Rule: v.Rule, Kind: v.Kind, Decision: v.Decision}}
		return v
	}
}

func TestFirstAllowedLegDecides(t *testing.T) {
	f := gatewaytest.New(t)
	night := gatewaytest.Noon.Add(9 * time.Hour)
	f.Guard.Judge = byChannel(map[touch.Channel]touch.Verdict{
		touch.Push: {Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		touch.SMS:  {Decision: touch.DecisionDefer, Until: night, Rule: "night", Kind: "hours"},
	})
	r := gatewaytest.SMS("a")
	r.Addresses[touch.Push] = "device-1"
	r.Plan = []touch.Leg{{Channel: touch.Push, Content: &touch.Content{Body: "b"}}, r.Plan[0], {Channel: touch.RMTask, Title: "call"}}
	a := f.Submit(t, r)[0]
	if a.State != touch.StateDue || a.Leg != 1 || !a.Due.Equal(night) || a.Reason != "night" || len(a.Verdicts) != 2 || f.Guard.Asked() != 2 {
		t.Fatalf("got %+v after %d questions", a, f.Guard.Asked())
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", a.ID)
	if got := gatewaytest.Kinds(view.Events); !slices.Equal(got, []touch.EventKind{touch.EventFallback, touch.EventAccepted, touch.EventDeferred}) {
		t.Errorf("events %v", got)
	}
	if view.Progress.Lane != "sms.bulk" || view.Progress.Leg != 1 {
		t.Errorf("progress %+v", view.Progress)
	}
}

func TestAllLegsRefused(t *testing.T) {
	f := gatewaytest.New(t)
	f.Guard.Judge = byChannel(map[touch.Channel]touch.Verdict{
		touch.Push: {Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		touch.SMS:  {Decision: touch.DecisionRefuse, Rule: "weekly", Kind: "cap"},
	})
	r := gatewaytest.SMS("a")
	r.Addresses[touch.Push] = "device-1"
	r.Plan = []touch.Leg{{Channel: touch.Push, Content: &touch.Content{Body: "b"}}, r.Plan[0]}
	a := f.Submit(t, r)[0]
	if a.State != touch.StateCapped || a.Reason != "weekly" || !a.Refused() || len(a.Verdicts) != 2 {
		t.Fatalf("got %+v", a)
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", a.ID)
	if got := gatewaytest.Kinds(view.Events); !slices.Equal(got, []touch.EventKind{touch.EventFallback, touch.EventRefused}) {
		t.Errorf("events %v", got)
	}
	for i, rule := range []string{"consent", "weekly"} {
		if v := view.Events[i].Verdict; v == nil || v.Findings[0].Rule != rule {
			t.Errorf("event %d does not keep the finding of %s", i, rule)
		}
	}
	// A repeat is answered like the first time, with verdicts, whatever the guard says now.
	f.Guard.Judge = nil
	again := f.Submit(t, r)[0]
	if again.New || again.State != touch.StateCapped || again.Reason != "weekly" || len(again.Verdicts) != 2 || again.Verdicts[1].Rule != "weekly" {
		t.Errorf("a repeat answered %+v", again)
	}
}

func TestRefusedWithoutPolicies(t *testing.T) {
	f := gatewaytest.New(t)
	f.Control = &ledger.Control{Campaigns: ledger.NewCampaignStatuses(map[ledger.CampaignRef]ledger.CampaignStatus{
		{Caller: "engine", Campaign: "stopped"}: ledger.CampaignCancelled,
	})}
	past := gatewaytest.Noon.Add(-time.Second)
	later := gatewaytest.Noon.Add(time.Hour)
	expired := gatewaytest.SMS("expired")
	expired.ExpiresAt = &past
	cancelled := gatewaytest.SMS("cancelled")
	cancelled.Campaign = "stopped"
	unreachable := gatewaytest.SMS("unreachable")
	unreachable.Addresses = nil
	tooLate := gatewaytest.SMS("too late")
	tooLate.ExpiresAt = &later
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		return touch.Verdict{Decision: touch.DecisionDefer, Rule: "night", Kind: "hours", Until: later} // exactly the end: too late
	}
	for _, c := range []struct {
		request touch.Request
		state   touch.State
		reason  string
	}{
		{expired, touch.StateExpired, touch.ReasonCannotGoInTime},
		{cancelled, touch.StateRefused, touch.ReasonCampaignCancelled},
		{unreachable, touch.StateRefused, touch.ReasonNoAddress},
		{tooLate, touch.StateExpired, touch.ReasonCannotGoInTime},
	} {
		if a := f.Submit(t, c.request)[0]; a.State != c.state || a.Reason != c.reason || !a.New {
			t.Errorf("%s: got %+v, want %s for %s", c.request.Key, a, c.state, c.reason)
		}
	}
	if f.Guard.Asked() != 1 {
		t.Errorf("the guard was asked %d times, want once", f.Guard.Asked())
	}
}

func TestGuardGetsFacts(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	profile := facts.Profile{
		ID: "c1", Zones: []string{"Asia/Shanghai"}, Addresses: map[touch.Channel]string{touch.SMS: "+8613900000000"},
	}
	if wrong, err := f.Facts.PutCustomers(ctx, gatewaytest.Engine(), []facts.Profile{profile}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	if _, err := f.Facts.Suppress(ctx, gatewaytest.Engine(), []facts.ListEntry{
		{Customer: "c1", Scope: "marketing", Owner: "o", Reason: "r", ForEver: true},
		{Channel: touch.SMS, Address: "+8613900000000", Owner: "o", Reason: "r", ForEver: true},
	}, false); err != nil {
		t.Fatal(err)
	}
	var asked []policies.Question
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		asked = append(asked, q)
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	r := gatewaytest.SMS("a")
	r.Addresses = nil
	tomorrow := gatewaytest.Noon.Add(24 * time.Hour)
	r.NotBefore = &tomorrow
	if a := f.Submit(t, r)[0]; !a.Due.Equal(tomorrow) || !a.Deferred(gatewaytest.Noon) {
		t.Errorf("got %+v, want it due tomorrow", a)
	}
	q := asked[0]
	if q.Customer == nil || q.Customer.Zones[0] != "Asia/Shanghai" || q.Address != "+8613900000000" || len(q.Listings) != 2 || !q.Now.Equal(tomorrow) {
		t.Errorf("the guard was asked %+v", q)
	}
}

// TestIntakeWithoutContactLog: nothing is sent by a forecast, so a
// touch is taken and judged later; a check gets the error.
func TestIntakeWithoutContactLog(t *testing.T) {
	f := gatewaytest.New(t)
	f.Guard.Err = touch.Errorf(touch.Unavailable, "", "down")
	if _, err := f.Intake.Check(t.Context(), "engine", []touch.Request{gatewaytest.SMS("a")}); touch.ClassOf(err) != touch.Unavailable {
		t.Errorf("a check was answered without the log: %v", err)
	}
	a := f.Submit(t, gatewaytest.SMS("a"))[0]
	if !a.New || a.State != touch.StateDue || !a.Due.Equal(gatewaytest.Noon) || a.Reason != touch.ReasonNotYetJudged {
		t.Errorf("got %+v", a)
	}
	f.Guard.Err = touch.Errorf(touch.Internal, "", "broken")
	if _, err := f.Intake.Submit(t.Context(), "engine", []touch.Request{gatewaytest.SMS("b")}); err == nil {
		t.Error("a broken guard was ignored")
	}
}
