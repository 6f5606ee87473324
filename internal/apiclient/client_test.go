package apiclient

import (
	"slices"
	"testing"

	"touchgate.dev/touch"
)

// TestSentLegs: a late receipt of the first leg can end a touch while the outcome
// of the second is unknown; the second does not count as sent.
func TestSentLegs(t *testing.T) {
	for _, state := range []touch.State{touch.StateDelivered, touch.StateUnconfirmed, touch.StateUnknown} {
		got := (&Touch{State: state, Leg: 0, Legs: []Leg{{Contact: "delivered"}, {Contact: "unknown"}, {}, {Contact: "attempt"}}}).SentLegs()
		if !slices.Equal(got, []int{0, 3}) {
			t.Errorf("%s: sent legs %v, want 0 and 3", state, got)
		}
	}
}
