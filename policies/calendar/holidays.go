package calendar

import (
	"maps"
	"slices"
	"time"
)

// Calendar is a named list of holidays and of the working days that were swapped
// for them. A nil Calendar has no holidays, and its weekend is Saturday and Sunday.
type Calendar struct {
	Name    string
	Title   string
	Version string
	// Owner is responsible for the list; Source is where it was taken from.
	Owner    string
	Source   string
	holidays map[Day]string
	working  map[Day]bool
	weekend  [7]bool
	// covers are the dates for which the list is complete; none: it has no bounds.
	covers []period
}

// period is the dates from the first to the last one.
type period struct{ from, to Day }

// New makes a calendar of the given dates, with Saturday and Sunday as its weekend.
func New(name string, holidays []Day, working []Day) *Calendar {
	c := &Calendar{Name: name, holidays: map[Day]string{}, working: map[Day]bool{}}
	c.weekend[time.Saturday] = true
	c.weekend[time.Sunday] = true
	for _, d := range holidays {
		c.holidays[d] = ""
	}
	for _, d := range working {
		c.working[d] = true
	}
	return c
}

// Inline makes a calendar of dates that stand in a policy. It covers the years
// of which it names a date: nobody has looked at another year.
func Inline(name string, holidays []Day) *Calendar {
	c := New(name, holidays, nil)
	c.coverYears()
	return c
}

// With returns a calendar with the holidays of c and the given ones. What it
// covers stays the same.
func (c *Calendar) With(holidays []Day) *Calendar {
	sum := New(c.Name, holidays, nil)
	maps.Copy(sum.holidays, c.holidays)
	sum.Title = c.Title
	sum.Version = c.Version
	sum.working = c.working
	sum.weekend = c.weekend
	sum.covers = c.covers
	return sum
}

// coverYears makes the calendar cover the years of its holidays.
func (c *Calendar) coverYears() {
	for d := range c.holidays {
		year, _, _ := d.Civil()
		c.cover(period{DayOf(year, 1, 1), DayOf(year+1, 1, 1) - 1})
	}
}

// cover adds dates to those that are covered.
func (c *Calendar) cover(more period) {
	all := append(slices.Clone(c.covers), more)
	slices.SortFunc(all, func(a, b period) int { return int(a.from - b.from) })
	c.covers = all[:1]
	for _, next := range all[1:] {
		if last := &c.covers[len(c.covers)-1]; next.from <= last.to+1 {
			last.to = max(last.to, next.to)
		} else {
			c.covers = append(c.covers, next)
		}
	}
}

// Covers reports whether the calendar is complete for d. The holidays of a future
// year may not have been proclaimed yet.
func (c *Calendar) Covers(d Day) bool {
	if c == nil || len(c.covers) == 0 {
		return true
	}
	for _, known := range c.covers {
		if known.from <= d && d <= known.to {
			return true
		}
	}
	return false
}

// Last returns the last date that the calendar covers; false if it has no end.
func (c *Calendar) Last() (Day, bool) {
	if c == nil || len(c.covers) == 0 {
		return 0, false
	}
	return c.covers[len(c.covers)-1].to, true
}

// Gap returns the first date between others that is not covered; false if
// there is none.
func (c *Calendar) Gap() (Day, bool) {
	if c == nil || len(c.covers) < 2 {
		return 0, false
	}
	return c.covers[0].to + 1, true
}

// Holiday reports whether d is a holiday.
func (c *Calendar) Holiday(d Day) bool {
	if c == nil {
		return false
	}
	_, ok := c.holidays[d]
	return ok
}

// Eve reports whether d is the day before a holiday, and no holiday itself.
func (c *Calendar) Eve(d Day) bool { return c.Holiday(d+1) && !c.Holiday(d) }

// Working reports whether d is a weekend day that was made a working day.
func (c *Calendar) Working(d Day) bool { return c != nil && c.working[d] }

// Business reports whether d is a business day. A date that the calendar does not
// cover counts as one unless it is on a weekend: a deadline is rather too early
// than too late. See Span.Certain.
func (c *Calendar) Business(d Day) bool {
	if c == nil {
		w := d.Weekday()
		return w != time.Saturday && w != time.Sunday
	}
	return !c.Holiday(d) && (c.Working(d) || !c.weekend[d.Weekday()])
}

// surelyBusiness is as Business, but a date that the calendar does not cover
// counts as none.
func (c *Calendar) surelyBusiness(d Day) bool { return c.Business(d) && c.Covers(d) }

// Len returns the number of holidays.
func (c *Calendar) Len() int {
	if c == nil {
		return 0
	}
	return len(c.holidays)
}
