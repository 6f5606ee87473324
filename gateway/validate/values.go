package validate

import (
	"time"

	"touchgate.dev/touch"
)

// maxClockSkew is how far a caller's clock may run ahead of ours.
const maxClockSkew = time.Minute

// Instant completes the instant at which something happened: zero becomes now,
// and so does one that is ahead by no more than the skew of two clocks. One
// further ahead is a fault of the field "at".
func Instant(at *time.Time, now time.Time, faults *touch.Faults) {
	if at.After(now.Add(maxClockSkew)) {
		faults.Add("at", "lies in the future")
	}
	if at.IsZero() || at.After(now) {
		*at = now
	}
}
