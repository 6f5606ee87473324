// SPDX-License-Identifier: Apache-2.0

// Package calendar computes local time for contact rules: dates in a customer's
// zone, weekly tables of opening hours, holidays with their eves, business days,
// and spans of time. A span is absolute ("72h", "7d") or counts dates ("7 days",
// "1 month").
//
// Everything is computed on the wall clock of a zone, from the tz database that
// is built in, and is exact across clock changes. All values are safe for
// concurrent use once they are made.
package calendar

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones must not depend on the host
)

// Horizon is how far ahead anything is searched for. What does not happen within
// it counts as never.
const Horizon = 400 * 24 * time.Hour

const daySeconds = 24 * 60 * 60

// Day is a date, as the number of days since 1970-01-01.
type Day int

// ParseDay parses a date such as "2026-01-31".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date: write 2026-01-31", s)
	}
	return Day(t.Unix() / daySeconds), nil
}

// DayOf returns the date of year, month and day, normalised as time.Date does.
func DayOf(year int, month time.Month, day int) Day {
	return Day(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), daySeconds))
}

// Civil returns the year, month and day of the date.
func (d Day) Civil() (year int, month time.Month, day int) {
	return time.Unix(int64(d)*daySeconds, 0).UTC().Date()
}

// String returns the date as "2026-01-31".
func (d Day) String() string { return time.Unix(int64(d)*daySeconds, 0).UTC().Format(time.DateOnly) }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// AddMonths returns the date n months later. If that month has no such day it is
// the first day of the next month: a month from 31 January is 1 March.
func (d Day) AddMonths(n int) Day {
	year, month, day := d.Civil()
	first := DayOf(year, month+time.Month(n), 1)
	if last := DayOf(year, month+time.Month(n)+1, 1); first+Day(day-1) >= last {
		return last
	}
	return first + Day(day-1)
}

// Start returns the first instant at which the clocks of zone show date d or
// later.
func (d Day) Start(zone *time.Location) time.Time {
	wanted := int64(d) * daySeconds
	// No zone is more than 15 hours ahead of UTC. So begin before the instant,
	// and go from one clock change to the next.
	l := At(time.Unix(wanted-15*3600, 0), zone)
	for l.wall < wanted {
		t := time.Unix(wanted-l.offset, 0)
		_, end := l.T.In(zone).ZoneBounds()
		if end.IsZero() || t.Before(end) {
			return t.UTC()
		}
		l = At(end, zone)
	}
	return l.T.UTC()
}

// Local is an instant and what the clocks of a zone show at it.
type Local struct {
	T      time.Time
	Zone   *time.Location
	wall   int64 // seconds since 1970-01-01 00:00 on the wall clock, rounded down
	offset int64 // wall clock minus UTC, seconds
}

// At returns what the clocks of zone show at t.
func At(t time.Time, zone *time.Location) Local {
	_, offset := t.In(zone).Zone()
	return Local{T: t, Zone: zone, wall: t.Unix() + int64(offset), offset: int64(offset)}
}

// Day returns the local date.
func (l Local) Day() Day { return Day(floorDiv(l.wall, daySeconds)) }

// second returns the second of the local day.
func (l Local) second() int { return int(l.wall - int64(l.Day())*daySeconds) }

// floorDiv divides and rounds down, also for negative numbers.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
