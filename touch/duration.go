package touch

import (
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time in nanoseconds. As text it is "30m", "48h" or
// "7d". A day is always 24 hours, also when the clocks change.
type Duration time.Duration

// ParseDuration reads what time.ParseDuration reads, and whole days from "0d" to
// "36500d". It does not read days beside other units ("1d12h"). The error is of
// class Invalid.
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

// String returns whole days as "7d", and any other length as time.Duration does
// ("36h0m0s"). Zero is "0s".
func (d Duration) String() string {
	if day := Duration(24 * time.Hour); d != 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	return time.Duration(d).String()
}

// Std returns d as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It reads what ParseDuration
// reads.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDuration(string(b))
	return err
}
