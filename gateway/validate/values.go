package validate

import (
	"strings"
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

// Addresses checks that telephone numbers are written in one way only, so that
// a suppression by address finds every spelling.
func Addresses(addresses map[touch.Channel]string, faults *touch.Faults) {
	for ch, address := range addresses {
		if ch.IsPhone() && address != "" && !isNumber(address) {
			faults.Add("addresses."+string(ch), "must be a number: an optional + and 3 to 20 digits, nothing between")
		}
	}
}

func isNumber(address string) bool {
	digits := strings.TrimPrefix(address, "+")
	return len(digits) >= 3 && len(digits) <= 20 && strings.Trim(digits, "0123456789") == ""
}
