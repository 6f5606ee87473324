package touch

import (
	"strconv"
	"strings"
	"time"
)

// Duration is an absolute length of time, written like "30m", "48h" or "7d"
// (a day here is 24 hours).
type Duration time.Duration

// ParseDuration reads the forms of time.ParseDuration and whole days ("7d").
func ParseDuration(s string) (Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return 0, Errorf(Invalid, "", "%q is not a duration: write 30s, 15m, 48h or 7d", s)
		}
		return Duration(n) * Duration(24*time.Hour), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, Errorf(Invalid, "", "%q is not a duration: write 30s, 15m, 48h or 7d", s)
	}
	return Duration(d), nil
}

// String writes whole days as "7d" and the rest as time.Duration does.
func (d Duration) String() string {
	if day := Duration(24 * time.Hour); d != 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	return time.Duration(d).String()
}

// Std is d as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDuration(string(b))
	return err
}
