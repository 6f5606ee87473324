package touch_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestStricter(t *testing.T) {
	const unknown touch.Decision = ""
	for _, c := range []struct{ a, b, want touch.Decision }{
		{touch.DecisionAllow, touch.DecisionAllow, touch.DecisionAllow},
		{touch.DecisionAllow, touch.DecisionDefer, touch.DecisionDefer},
		{touch.DecisionDefer, touch.DecisionRefuse, touch.DecisionRefuse},
		{touch.DecisionAllow, touch.DecisionRefuse, touch.DecisionRefuse},
		{touch.DecisionDefer, unknown, unknown},
	} {
		if got := touch.Stricter(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: got %q, want %q", c.a, c.b, got, c.want)
		}
		if got := touch.Stricter(c.b, c.a); got != c.want {
			t.Errorf("%q and %q: got %q, want %q", c.b, c.a, got, c.want)
		}
	}
}

func TestRefusedAs(t *testing.T) {
	for kind, want := range map[string]touch.State{
		"cap":      touch.StateCapped,
		"cooldown": touch.StateCapped,
		"consent":  touch.StateRefused,
		"rank":     touch.StateRefused,
		"":         touch.StateRefused,
	} {
		v := touch.Verdict{Decision: touch.DecisionRefuse, Kind: kind}
		if got := v.RefusedAs(); got != want {
			t.Errorf("kind %q: got %s, want %s", kind, got, want)
		}
	}
}
