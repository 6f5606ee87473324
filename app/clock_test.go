package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestClockDoesNotJump: small corrections are followed, a jump is not, and
// when it is taken back all is well again.
func TestClockDoesNotJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var set time.Duration // by which the machine's clock is set apart
		c := newClock(func() time.Time { return time.Now().Add(set) }, func() time.Duration { return time.Since(began) })
		for _, step := range []struct {
			set, want time.Duration // want: apart from the true time
			well      bool
		}{
			{0, 0, true}, {time.Second, time.Second, true}, {2500 * time.Millisecond, 2500 * time.Millisecond, true},
			{10 * time.Minute, 2500 * time.Millisecond, false}, {-10 * time.Minute, 2500 * time.Millisecond, false},
			{2 * time.Second, 2 * time.Second, true},
		} {
			set = step.set
			time.Sleep(time.Hour)
			if got := time.Until(c.Now()); got != step.want {
				t.Errorf("set to %v: %v apart, want %v", step.set, got, step.want)
			}
			if err := c.Check(context.Background()); (err == nil) != step.well {
				t.Errorf("set to %v: %v", step.set, err)
			}
		}
	})
}

// TestSinceBootGoesOn: what a process counts its time by does not stand still.
func TestSinceBootGoesOn(t *testing.T) {
	before := sinceBoot()
	for deadline := time.Now().Add(10 * time.Second); sinceBoot() <= before; {
		if time.Now().After(deadline) {
			t.Fatal("the time since boot stands still")
		}
	}
}
