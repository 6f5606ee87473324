package apiclient

import (
	"slices"
	"testing"

	"touchgate.dev/touch"
)

// A touch can end by a late receipt of its first leg while nobody knows what
// became of the second: that one is not said to be sent.
func TestSentLegs(t *testing.T) {
	for _, state := range []touch.State{touch.StateDelivered, touch.StateUnconfirmed, touch.StateUnknown} {
		got := (&Touch{State: state, Leg: 0, Legs: []Leg{{Contact: "delivered"}, {Contact: "unknown"}, {}, {Contact: "attempt"}}}).SentLegs()
		if !slices.Equal(got, []int{0, 3}) {
			t.Errorf("%s: sent legs %v, want 0 and 3", state, got)
		}
	}
}
