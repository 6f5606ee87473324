package bench

import (
	"io"
	"testing"

	"go.uber.org/goleak"

	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUnknownNames(t *testing.T) {
	if _, err := Run(t.Context(), "fast", Options{Progress: io.Discard}); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("an unknown mode: %v, want class Invalid", err)
	}
	if err := Sweep(t.Context(), "moon", t.TempDir(), 0, Options{Progress: io.Discard}); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("an unknown sweep: %v, want class Invalid", err)
	}
}
