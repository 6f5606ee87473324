package nemesis

import (
	"path/filepath"
	"testing"
	"time"
)

func TestOffsetClockFollowsItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	if err := writeOffset(path, time.Hour); err != nil {
		t.Fatal(err)
	}
	now, err := OffsetClock(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, offset := range []time.Duration{time.Hour, -time.Hour} {
		if err := writeOffset(path, offset); err != nil {
			t.Fatal(err)
		}
		if got := time.Until(now()); (got - offset).Abs() > time.Minute {
			t.Errorf("the clock is set to %v and is off by %v", offset, got)
		}
	}
}
