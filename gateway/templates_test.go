package gateway_test

import (
	"errors"
	"slices"
	"testing"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func TestTemplatePinsAndParams(t *testing.T) {
	f := gatewaytest.New(t)
	offer := ledger.Template{
		Name: "offer", Variables: []ledger.TemplateVariable{{Name: "amount"}},
		Content: map[touch.Channel]touch.Content{touch.SMS: {Body: "up to ${amount}"}}, Obligations: []string{"opt_out_text"},
	}
	if v, err := f.Facts.PutTemplate(t.Context(), gatewaytest.Engine(), offer); err != nil || v != 1 {
		t.Fatalf("version %d, %v", v, err)
	}
	use := func(key, template string, params map[string]string) touch.Request {
		r := gatewaytest.SMS(key)
		r.Plan[0].Content, r.Plan[0].Template, r.Plan[0].Params = nil, template, params
		return r
	}
	for field, r := range map[string]touch.Request{
		"plan[0].template":      use("1", "nothing", nil),
		"plan[0].params.amount": use("2", "offer", nil),
		"plan[0].params.colour": use("3", "offer", map[string]string{"amount": "1", "colour": "red"}),
	} {
		var faults touch.Faults
		if got := f.Submit(t, r)[0]; !errors.As(got.Err, &faults) || faults[0].Field != field {
			t.Errorf("%s: got %v", field, got.Err)
		}
	}
	var obligations []string
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		obligations = q.TemplateObligations
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	good := use("4", "offer", map[string]string{"amount": "5"})
	a := f.Submit(t, good)[0]
	if a.Err != nil || !slices.Equal(obligations, offer.Obligations) {
		t.Fatalf("got %v with obligations %v", a.Err, obligations)
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", a.ID)
	if !slices.Equal(view.Touch.Pins, []int{1}) {
		t.Errorf("pins %v", view.Touch.Pins)
	}
	// After a new version, a repeat is still answered like the first time.
	offer.Variables = append(offer.Variables, ledger.TemplateVariable{Name: "rate"})
	if _, err := f.Facts.PutTemplate(t.Context(), gatewaytest.Engine(), offer); err != nil {
		t.Fatal(err)
	}
	if got := f.Submit(t, good)[0]; got.Err != nil || got.New {
		t.Errorf("a repeat after the template changed: %+v", got)
	}
	if got := f.Submit(t, use("5", "offer", map[string]string{"amount": "5"}))[0]; touch.ClassOf(got.Err) != touch.Invalid {
		t.Errorf("a new touch with the old params: %+v", got)
	}
}
