package app

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClockJump checks that small corrections of the machine's clock are
// followed and jumps are not, and that undoing a jump makes the clock ready.
func TestClockJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var set time.Duration // how far the machine's clock is ahead
		wall := func() time.Time { return time.Now().Add(set) }
		elapsed := func() time.Duration { return time.Since(began) }
		c := newClock(wall, elapsed)
		for _, step := range []struct {
			set   time.Duration
			ahead time.Duration // of the process's clock
			ready bool
		}{
			{set: 0, ahead: 0, ready: true},
			{set: time.Second, ahead: time.Second, ready: true},
			{set: 2500 * time.Millisecond, ahead: 2500 * time.Millisecond, ready: true},
			{set: 10 * time.Minute, ahead: 2500 * time.Millisecond, ready: false},
			{set: -10 * time.Minute, ahead: 2500 * time.Millisecond, ready: false},
			{set: 2 * time.Second, ahead: 2 * time.Second, ready: true},
		} {
			set = step.set
			time.Sleep(time.Hour)
			if got := time.Until(c.Now()); got != step.ahead {
				t.Errorf("set to %v: %v ahead, want %v", step.set, got, step.ahead)
			}
			if err := c.Check(t.Context()); (err == nil) != step.ready {
				t.Errorf("set to %v: %v", step.set, err)
			}
		}
	})
}

func TestSinceBoot(t *testing.T) {
	before := sinceBoot()
	for deadline := time.Now().Add(10 * time.Second); sinceBoot() <= before; {
		if time.Now().After(deadline) {
			t.Fatal("the time since boot stands still")
		}
	}
}
