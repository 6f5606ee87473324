package gateway_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestSubmitRepeatAndConflict(t *testing.T) {
	f := gatewaytest.New(t)
	first := f.Submit(t, gatewaytest.SMS("a"))[0]
	if !first.New || first.State != touch.StateDue || !first.Due.Equal(gatewaytest.Noon) || first.ID != touch.NewID("engine", "a") {
		t.Fatalf("got %+v", first)
	}
	again := f.Submit(t, gatewaytest.SMS("a"))[0]
	if again.New || again.Err != nil || again.State != touch.StateDue || again.ID != first.ID {
		t.Errorf("a repeat answered %+v", again)
	}
	other := gatewaytest.SMS("a")
	other.Subject = "another"
	if got := f.Submit(t, other)[0]; touch.ClassOf(got.Err) != touch.Conflict {
		t.Errorf("other content under the key answered %+v, want a conflict", got)
	}
	view, err := f.Ledger.Touches.Get(t.Context(), "engine", first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := gatewaytest.Kinds(view.Events); !slices.Equal(got, []touch.EventKind{touch.EventAccepted}) {
		t.Errorf("events %v", got)
	}
	if _, err := f.Ledger.Touches.Get(t.Context(), "stranger", first.ID); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("another caller sees it: %v", err)
	}
}

func TestBadTouchInBatch(t *testing.T) {
	f := gatewaytest.New(t)
	bad := gatewaytest.SMS("bad")
	bad.Plan[0].Channel = "pigeon"
	answers := f.Submit(t, gatewaytest.SMS("a"), bad, gatewaytest.SMS("b"))
	if answers[0].Err != nil || answers[2].Err != nil || !answers[0].New || !answers[2].New {
		t.Errorf("the good ones: %+v", answers)
	}
	var faults touch.Faults
	if !errors.As(answers[1].Err, &faults) || faults[0].Field != "plan[0].channel" {
		t.Errorf("the bad one: %v", answers[1].Err)
	}
}

func TestRequestFaultFields(t *testing.T) {
	f := gatewaytest.New(t)
	far := gatewaytest.Noon.Add(500 * 24 * time.Hour)
	soon := gatewaytest.Noon.Add(time.Hour)
	for field, spoil := range map[string]func(r *touch.Request){
		"key":                   func(r *touch.Request) { r.Key = "" },
		"customer":              func(r *touch.Request) { r.Customer = strings.Repeat("x", 129) },
		"category":              func(r *touch.Request) { r.Category = "spam" },
		"priority":              func(r *touch.Request) { r.Priority = 10 },
		"plan":                  func(r *touch.Request) { r.Plan = nil },
		"not_before":            func(r *touch.Request) { r.NotBefore = &far },
		"expires_at":            func(r *touch.Request) { r.NotBefore, r.ExpiresAt = &soon, &soon },
		"addresses.sms":         func(r *touch.Request) { r.Addresses[touch.SMS] = "+86 138 CALL" },
		"plan[0].template":      func(r *touch.Request) { r.Plan[0].Content = nil },
		"plan[0].content":       func(r *touch.Request) { r.Plan[0].Template = "x" },
		"plan[0].content.body":  func(r *touch.Request) { r.Plan[0].Content = &touch.Content{} },
		"plan[0].content.link":  func(r *touch.Request) { r.Plan[0].Content.Link = "not a link" },
		"plan[0].content.image": func(r *touch.Request) { r.Plan[0].Content.Image = "JavaScript:alert(1)" },
		"plan[0].params":        func(r *touch.Request) { r.Plan[0].Params = map[string]string{"a": "b"} },
		"plan[0].title":         func(r *touch.Request) { r.Plan[0].Title = "x" },
		"plan[0].due_in":        func(r *touch.Request) { r.Plan[0].DueIn = 1 },
		"plan[0].wait":          func(r *touch.Request) { r.Plan[0].Wait = -1 },
		"plan[0].until":         func(r *touch.Request) { r.Plan[0].Until = "read" },
		"plan[0].assign":        func(r *touch.Request) { r.Plan[0].Assign = &touch.Assignee{Queue: "q"} },
		"addresses.carrier":     func(r *touch.Request) { r.Addresses["carrier"] = "x" },
		"plan[0].content.title": func(r *touch.Request) { r.Plan[0].Content.Title = strings.Repeat("x", 257) },
	} {
		r := gatewaytest.SMS("k")
		spoil(&r)
		var faults touch.Faults
		if got := f.Submit(t, r)[0]; !errors.As(got.Err, &faults) || faults[0].Field != field || touch.ClassOf(got.Err) != touch.Invalid {
			t.Errorf("%s: got %v", field, got.Err)
		} else if faults[0].Message == "is not valid" {
			t.Errorf("%s: %v does not say what is wrong", field, faults)
		}
	}
	stored, _, err := f.Ledger.Touches.List(t.Context(), ledger.TouchFilter{})
	if err != nil || len(stored) != 0 {
		t.Errorf("bad requests left %v behind, %v", stored, err)
	}
}

func TestBatchLimit(t *testing.T) {
	f := gatewaytest.New(t)
	if _, err := f.Intake.Submit(t.Context(), "engine", make([]touch.Request, touch.MaxBatch+1)); touch.ClassOf(err) != touch.TooLarge {
		t.Errorf("a batch too large: %v", err)
	}
}
