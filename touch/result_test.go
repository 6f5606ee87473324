package touch_test

import (
	"encoding/json"
	"testing"

	"touchgate.dev/touch"
)

// TestStoredResultClasses fixes the words that events in the ledger hold.
func TestStoredResultClasses(t *testing.T) {
	for class, want := range map[touch.ResultClass]string{
		touch.ResultUnknown:       "unknown",
		touch.ResultAccepted:      "accepted",
		touch.ResultRejected:      "rejected",
		touch.ResultRetryable:     "retryable",
		touch.ResultThrottled:     "throttled",
		touch.ResultMisconfigured: "misconfigured",
	} {
		text, err := json.Marshal(touch.Result{Class: class})
		if wantText := `{"class":"` + want + `"}`; err != nil || string(text) != wantText {
			t.Errorf("got %s, error %v; want %s", text, err, wantText)
		}

		var back touch.Result
		if err := json.Unmarshal(text, &back); err != nil || back.Class != class {
			t.Errorf("%s reads back as %s, error %v", text, back.Class, err)
		}
	}

	var class touch.ResultClass
	if err := class.UnmarshalText([]byte("later")); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("got error %v, want one of class invalid", err)
	}
}

// TestZeroResultIsUnknown: an adapter that sets no class must not cause
// a second message.
func TestZeroResultIsUnknown(t *testing.T) {
	var result touch.Result
	if result.Class != touch.ResultUnknown {
		t.Errorf("the zero value is %s, want unknown", result.Class)
	}
}
