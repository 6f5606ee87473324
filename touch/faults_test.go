package touch_test

import (
	"errors"
	"fmt"
	"testing"

	"touchgate.dev/touch"
)

func TestFaultsAsError(t *testing.T) {
	var faults touch.Faults
	if err := faults.Err(); err != nil {
		t.Errorf("an empty list is the error %v, want nil", err)
	}

	faults.Add("key", "is required")
	faults.Add("plan[0].channel", "must be one of %s", "sms")
	err := fmt.Errorf("submit: %w", faults.Err())
	if got, want := err.Error(), "submit: key: is required; plan[0].channel: must be one of sms"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := touch.ClassOf(err); got != touch.Invalid {
		t.Errorf("got class %q, want %q", got, touch.Invalid)
	}
	if got := touch.FaultsOf(err); len(got) != 2 || got[0] != faults[0] || got[1] != faults[1] {
		t.Errorf("FaultsOf returned %v, want %v", got, faults)
	}
}

func TestFaultsClass(t *testing.T) {
	faults := touch.Faults{{Class: touch.Conflict}, {Class: touch.NotFound}}
	if got := touch.ClassOf(faults.Err()); got != touch.Conflict {
		t.Errorf("got class %q, want that of the first fault", got)
	}
}

func TestFaultsInFiles(t *testing.T) {
	faults := touch.Faults{
		{File: "a.yaml", Line: 3, Message: "unknown key", Hint: "did you mean cap?"},
		{File: "b.yaml", Message: "the document is empty"},
	}
	want := "a.yaml:3: unknown key (did you mean cap?)\nb.yaml: the document is empty"
	if got := faults.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFaultsInEntry(t *testing.T) {
	faults := touch.Faults{{Field: "at", Message: "is required"}, {Message: "is unknown"}}
	moved := faults.In("consents", 2)
	if moved[0].Field != "consents[2].at" || moved[1].Field != "consents[2]" {
		t.Errorf("got fields %q and %q", moved[0].Field, moved[1].Field)
	}
	if faults[0].Field != "at" {
		t.Errorf("In changed the first list: its field is %q", faults[0].Field)
	}
}

func TestFaultsOfOtherErrors(t *testing.T) {
	if got := touch.FaultsOf(nil); got != nil {
		t.Errorf("nil: got %v, want nil", got)
	}

	one := touch.FaultsOf(fmt.Errorf("get: %w", touch.Errorf(touch.NotFound, "id", "does not exist")))
	want := touch.Fault{Class: touch.NotFound, Field: "id", Message: "does not exist"}
	if len(one) != 1 || one[0] != want {
		t.Errorf("got %+v, want only %+v", one, want)
	}

	// The text of an error without a class may hold a secret.
	other := touch.FaultsOf(errors.New("password hunter2"))
	want = touch.Fault{Class: touch.Internal, Message: "An error of ours."}
	if len(other) != 1 || other[0] != want {
		t.Errorf("got %+v, want only %+v", other, want)
	}
}
