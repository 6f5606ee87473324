package calendar

import "time"

// Span is a length of time that rules look back over or wait for. Both directions
// agree: an event at e no longer counts at t if e < Since(t), which is the same as
// End(e) <= t.
//
// These are the forms:
//
//	90s 15m 72h 7d         absolute time (a day is 24 hours); an event exactly that old still counts
//	7 days, 2 weeks        dates, the event's own date being the first
//	1 month, 1 year        dates, up to the same date of the month (or year)
//	60 full days           dates, the event's own date not counted
//	10 business days       business days after the event's date, to the end of the last;
//	                       with FromOwnDay, the event's date being the first
//	10 full business days  business days after the event's date in every case
//	day week month year    the calendar unit that holds the event ("2 calendar weeks" for several)
//	forever
type Span struct {
	text     string
	kind     spanKind
	duration time.Duration
	n        int
	unit     unit
	full     bool
	ownDay   bool // the event's own date is the first business day
	// WeekStart is the first day of a calendar week.
	weekStart time.Weekday
}

type spanKind uint8

const (
	absolute spanKind = iota
	dates
	units
	business
	forever
)

type unit uint8

const (
	day unit = iota
	week
	month
	year
)

var unitNames = map[string]unit{"day": day, "week": week, "month": month, "year": year}

// grain is the precision of stored instants. An absolute span ends one grain after
// the last instant at which its event still counts.
const grain = time.Millisecond

// String returns the span as it was written.
func (s Span) String() string { return s.text }

// Forever reports whether the span never ends.
func (s Span) Forever() bool { return s.kind == forever }

// Absolute reports whether the span is absolute time, which is the same in every
// zone.
func (s Span) Absolute() bool { return s.kind == absolute }

// Business reports whether the span counts business days.
func (s Span) Business() bool { return s.kind == business }

// FromOwnDay returns the span that counts the event's own date as its first
// business day; a span of another form, or of full business days, is the same.
// It is the strict side where the span is a time in which something may be
// ignored: "listed for ten business days or more".
func (s Span) FromOwnDay() Span {
	s.ownDay = s.kind == business && !s.full
	return s
}

// End returns the first instant at which an event at e no longer counts; the zero
// time means never. Business days are those of c; of a nil calendar they are
// Monday to Friday. Of dates that c does not cover it is the earliest end that is
// possible: see Certain.
func (s Span) End(e time.Time, zone *time.Location, c *Calendar) time.Time {
	switch s.kind {
	case forever:
		return time.Time{}
	case absolute:
		return e.Truncate(grain).Add(s.duration + grain)
	}
	return s.endDay(At(e, zone).Day(), c).Start(zone)
}

// Certain reports whether the end of the span is certain: false if it counts
// business days and comes to a date that the calendar does not cover.
func (s Span) Certain(e time.Time, zone *time.Location, c *Calendar) bool {
	if s.kind != business {
		return true
	}
	d := At(e, zone).Day()
	for last := s.endDay(d, c); d < last; d++ {
		if !c.Covers(d) {
			return false
		}
	}
	return true
}

// endDay returns the first date on which an event of date d no longer counts.
func (s Span) endDay(d Day, c *Calendar) Day {
	switch s.kind {
	case business:
		return s.businessEnd(d, c.Business)
	case units:
		return s.unitStart(d, s.n)
	}
	if s.full {
		d++
	}
	switch s.unit {
	case day:
		return d + Day(s.n)
	case week:
		return d + Day(7*s.n)
	case month:
		return d.AddMonths(s.n)
	}
	return d.AddMonths(12 * s.n)
}

// maxBusiness is after how many dates businessEnd gives up: a calendar may hold
// no business day at all, or cover none.
const maxBusiness = 20 * 3660

func (s Span) businessEnd(d Day, counts func(Day) bool) Day {
	if s.ownDay {
		d--
	}
	for left, last := s.n, d+maxBusiness; left > 0 && d < last; {
		if d++; counts(d) {
			left--
		}
	}
	return d + 1
}

// unitStart returns the first date of the calendar unit that is n units after the
// one that contains d.
func (s Span) unitStart(d Day, n int) Day {
	y, m, _ := d.Civil()
	switch s.unit {
	case day:
		return d + Day(n)
	case week:
		back := (int(d.Weekday()) - int(s.weekStart) + 7) % 7
		return d - Day(back) + Day(7*n)
	case month:
		return DayOf(y, m+time.Month(n), 1)
	}
	return DayOf(y+n, 1, 1)
}

// Since returns the earliest instant that still counts at l; the zero time if all
// do. A date that c does not cover counts as no business day here: rather one
// contact too many is counted than too few.
func (s Span) Since(l Local, c *Calendar) time.Time {
	switch s.kind {
	case forever:
		return time.Time{}
	case absolute:
		return l.T.Truncate(grain).Add(-s.duration)
	case units:
		return s.unitStart(l.Day(), 1-s.n).Start(l.Zone)
	}
	// Begin with a date that is surely too early, and search forward.
	today := l.Day()
	back := Day(s.n)
	switch {
	case s.kind == business:
		back = Day(2*s.n + 20)
	case s.unit == week:
		back = Day(7 * s.n)
	case s.unit == month:
		back = Day(31*s.n + 3)
	case s.unit == year:
		back = Day(366*s.n + 3)
	}
	end := func(d Day) Day { return s.endDay(d, c) }
	if s.kind == business {
		end = func(d Day) Day { return s.businessEnd(d, c.surelyBusiness) }
	}
	d := today - back - 2
	for s.kind == business && end(d) > today && today-d < maxBusiness { // a calendar with very long holidays
		d -= back
	}
	for end(d) <= today {
		d++
	}
	return d.Start(l.Zone)
}

// Max returns a duration that the span never exceeds; forever counts as a century.
func (s Span) Max() time.Duration {
	const d = 24 * time.Hour
	n := time.Duration(s.n + 1)
	switch {
	case s.kind == forever:
		return 100 * 366 * d
	case s.kind == absolute:
		return s.duration
	case s.kind == business:
		return (2*n + 30) * d
	case s.unit == day:
		return (n + 1) * d
	case s.unit == week:
		return (7*n + 1) * d
	case s.unit == month:
		return (31*n + 1) * d
	}
	return (366*n + 1) * d
}
