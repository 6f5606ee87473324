package gateway_test

import (
	"testing"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestCheckEveryLeg(t *testing.T) {
	f := gatewaytest.New(t)
	f.Guard.Judge = byChannel(map[touch.Channel]touch.Verdict{
		touch.Push: {Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		touch.SMS:  {Decision: touch.DecisionAllow},
	})
	r := gatewaytest.SMS("")
	r.Plan = []touch.Leg{
		{Channel: touch.AICall, Content: &touch.Content{Body: "b"}},
		{Channel: touch.Push, Content: &touch.Content{Body: "b"}},
		r.Plan[0],
	}
	r.Addresses[touch.Push] = "device-1"
	got, err := f.Intake.Check(t.Context(), "engine", []touch.Request{r, {Key: "bad"}})
	if err != nil {
		t.Fatal(err)
	}
	first := got[0]
	if first.Err != nil || first.Decision != touch.DecisionAllow || first.Leg != 2 || !first.Due.Equal(gatewaytest.Noon) || len(first.Verdicts) != 3 {
		t.Errorf("got %+v", first)
	}
	if touch.ClassOf(got[1].Err) != touch.Invalid {
		t.Errorf("the bad one: %+v", got[1])
	}
	if stored, _, err := f.Ledger.Touches.List(t.Context(), ledger.TouchFilter{}); err != nil || len(stored) != 0 {
		t.Errorf("a check left %v behind, %v", stored, err)
	}
}
