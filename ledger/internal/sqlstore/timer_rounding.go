package sqlstore

import (
	"math"
	"time"
)

// Touches share a timer group when they are due and expire together. Times of
// the clock are hardly ever equal, so they are rounded: without that, each
// touch that is scheduled by itself would have a group, and a row, of its own.

// minute and the like are spans in microseconds, as the ledger stores times.
const (
	second = int64(time.Second / time.Microsecond)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// A timer that is set more than farAhead before its due time may fire up to
// dueStep late.
const (
	farAhead = 10 * second
	dueStep  = second / 10
)

// roundDue returns the due time of the group for a timer that is set now.
func roundDue(due, now int64) int64 {
	if due-now < farAhead {
		return due
	}
	return (due + dueStep - 1) / dueStep * dueStep
}

// firedFor reports whether a touch's timer is the one for which a group of
// this due time has fired: roundDue may have moved it by less than dueStep.
func firedFor(timer time.Time, groupDue int64) bool {
	late := groupDue - micros(timer)
	return late >= 0 && late < dueStep
}

// never is the expiry of touches that do not expire within a month. As the
// largest number it comes last when groups are ordered by their expiry.
const never = math.MaxInt64

// roundExpiry returns the expiry of a group, rounded down: an expiry within two
// hours to five minutes, within a day to the hour, and later ones to the day.
// The feeder looks for each expiry once, so this leaves it fewer than a
// hundred to look for.
func roundExpiry(expires, now int64) int64 {
	left := expires - now
	var step int64
	switch {
	case expires == 0 || left > 30*day:
		return never
	case left > day:
		step = day
	case left > 2*hour:
		step = hour
	default:
		step = 5 * minute
	}
	return expires / step * step
}

// Touches that were sent and wait, without a timer, for a receipt that may
// never come are kept in groups of their own: their lane is laneAging and their
// due time is when they were sent. See ExpireUnconfirmed.
const (
	laneAging = ""
	// agingSpan is the span within which sent touches share a group.
	agingSpan = minute
)
