package ledger_test

import (
	"reflect"
	"testing"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// TestReportsStoredForm: the text is stored in binary columns, so it may not
// change.
func TestReportsStoredForm(t *testing.T) {
	for stored, want := range map[string]ledger.Reports{
		"":                           {},
		".read":                      {Read: true},
		".read .replied":             {Read: true, Replied: true},
		"conversation opt_out":       {Outcomes: []string{"conversation", "opt_out"}},
		".read .replied no_answer z": {Read: true, Replied: true, Outcomes: []string{"no_answer", "z"}},
	} {
		if got := want.String(); got != stored {
			t.Errorf("%+v is stored as %q, want %q", want, got, stored)
		}
		if got := ledger.ParseReports(stored); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v, want %+v", stored, got, want)
		}
	}
}

func TestRefusedByRule(t *testing.T) {
	for _, tc := range []struct {
		state  touch.State
		reason string
		want   bool
	}{
		{touch.StateRefused, "marketing/quiet_hours", true},
		{touch.StateCapped, "p/weekly", true},
		{touch.StateDue, "p/weekly", false},
		{touch.StateExpired, "expired", false},
		{touch.StateRefused, "", false},
	} {
		p := ledger.Progress{State: tc.state, Reason: tc.reason}
		if got := p.RefusedByRule(); got != tc.want {
			t.Errorf("%s for %q: %v, want %v", tc.state, tc.reason, got, tc.want)
		}
	}
}
