package touch_test

import (
	"slices"
	"testing"

	"touchgate.dev/touch"
)

func TestFinal(t *testing.T) {
	open := []touch.State{touch.StateDue, touch.StateSending, touch.StateSent, touch.StateUnknown}
	for _, state := range append(touch.States(), touch.StateSending) {
		if got, want := state.Final(), !slices.Contains(open, state); got != want {
			t.Errorf("%s: final is %v, want %v", state, got, want)
		}
	}
}
