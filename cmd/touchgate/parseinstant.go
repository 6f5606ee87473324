package main

import (
	"time"

	"touchgate.dev/touch"
)

// parseInstant reads a flag that is an instant or how long before now it was. It
// returns the zero time for "".
func parseInstant(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := touch.ParseDuration(text); err == nil {
		return now.Add(-ago.Std()), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usageError("--%s %s: write an instant such as 2026-12-01T00:00:00+08:00, "+
			"or how long ago, such as 2h or 7d", flag, text)
	}
	return at, nil
}
