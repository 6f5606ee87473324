package calendar

import "time"

// Calendar is a named list of holidays, with the working days that were
// swapped for them. The nil Calendar has no holidays, and Saturday and Sunday
// as its weekend.
type Calendar struct {
	Name    string
	Title   string
	Version string
	// Owner is who keeps the list right; Source is where it was taken from.
	Owner    string
	Source   string
	holidays map[Day]string
	working  map[Day]bool
	weekend  [7]bool
	covered  bool // from and to bound what is known
	from, to Day
}

// New makes a calendar of the dates given, with Saturday and Sunday as its weekend.
func New(name string, holidays []Day, working []Day) *Calendar {
	c := &Calendar{Name: name, holidays: map[Day]string{}, working: map[Day]bool{}}
	c.weekend[time.Saturday], c.weekend[time.Sunday] = true, true
	for _, d := range holidays {
		c.holidays[d] = ""
	}
	for _, d := range working {
		c.working[d] = true
	}
	return c
}

// With is c and the holidays given besides; c may be nil.
func (c *Calendar) With(holidays []Day) *Calendar {
	sum := New("", holidays, nil)
	if c == nil {
		return sum
	}
	for d := range c.holidays {
		sum.holidays[d] = c.holidays[d]
	}
	sum.Name, sum.Version, sum.working, sum.weekend = c.Name, c.Version, c.working, c.weekend
	sum.covered, sum.from, sum.to = c.covered, c.from, c.to
	return sum
}

// Covers reports whether the calendar knows about d: nobody can know a year
// whose holidays have not been proclaimed.
func (c *Calendar) Covers(d Day) bool {
	return c == nil || !c.covered || (c.from <= d && d <= c.to)
}

// Holiday reports whether d is a holiday.
func (c *Calendar) Holiday(d Day) bool {
	if c == nil {
		return false
	}
	_, ok := c.holidays[d]
	return ok
}

// Eve reports whether d is the working eve of a holiday.
func (c *Calendar) Eve(d Day) bool { return c.Holiday(d+1) && !c.Holiday(d) }

// Working reports whether d is a day of the weekend that was made a working day.
func (c *Calendar) Working(d Day) bool { return c != nil && c.working[d] }

// Business reports whether d is a business day. A date that the calendar does
// not cover counts as one where it is no weekend: deadlines come early rather
// than late.
func (c *Calendar) Business(d Day) bool {
	if c == nil {
		w := d.Weekday()
		return w != time.Saturday && w != time.Sunday
	}
	return !c.Holiday(d) && (c.Working(d) || !c.weekend[d.Weekday()])
}

// Len is the number of holidays.
func (c *Calendar) Len() int {
	if c == nil {
		return 0
	}
	return len(c.holidays)
}
