package touch_test

import (
	"encoding/json"
	"testing"
	"time"

	"touchgate.dev/touch"
)

const day = 24 * time.Hour

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0d":     0,
		"7d":     7 * day,
		"36500d": 36500 * day,
		"30s":    30 * time.Second,
		"48h":    2 * day,
		"1h30m":  90 * time.Minute,
	} {
		got, err := touch.ParseDuration(text)
		if err != nil || got.Std() != want {
			t.Errorf("%q: got %s, error %v; want %s", text, got.Std(), err, want)
		}
	}

	for _, bad := range []string{"", "7", "d", "-1d", "1.5d", "36501d", "7 d", "1d12h", "soon"} {
		if _, err := touch.ParseDuration(bad); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%q: got error %v, want one of class invalid", bad, err)
		}
	}
}

// TestDurationString fixes the text that requests in the ledger hold.
func TestDurationString(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s":      0,
		"7d":      7 * day,
		"2d":      48 * time.Hour,
		"25h0m0s": 25 * time.Hour,
		"-1d":     -day,
	} {
		if got := touch.Duration(d).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDurationInJSON(t *testing.T) {
	text, err := json.Marshal(touch.Leg{Channel: touch.SMS, Wait: touch.Duration(7 * day)})
	if want := `{"channel":"sms","wait":"7d"}`; err != nil || string(text) != want {
		t.Fatalf("got %s, error %v; want %s", text, err, want)
	}

	var back touch.Leg
	if err := json.Unmarshal(text, &back); err != nil || back.Wait.Std() != 7*day {
		t.Errorf("%s reads back as %s, error %v", text, back.Wait, err)
	}
	if err := json.Unmarshal([]byte(`{"wait":"soon"}`), &back); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("got error %v, want one of class invalid", err)
	}
}
