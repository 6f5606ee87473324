package calendar

import "time"

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
	covered  bool // from and to bound what is known
	from, to Day
}

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

// With returns a calendar with the holidays of c and the given ones; c may be nil.
func (c *Calendar) With(holidays []Day) *Calendar {
	sum := New("", holidays, nil)
	if c == nil {
		return sum
	}
	for d := range c.holidays {
		sum.holidays[d] = c.holidays[d]
	}
	sum.Name = c.Name
	sum.Version = c.Version
	sum.working = c.working
	sum.weekend = c.weekend
	sum.covered = c.covered
	sum.from = c.from
	sum.to = c.to
	return sum
}

// Covers reports whether the calendar is complete for d. The holidays of a future
// year may not have been proclaimed yet.
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

// Eve reports whether d is the day before a holiday, and no holiday itself.
func (c *Calendar) Eve(d Day) bool { return c.Holiday(d+1) && !c.Holiday(d) }

// Working reports whether d is a weekend day that was made a working day.
func (c *Calendar) Working(d Day) bool { return c != nil && c.working[d] }

// Business reports whether d is a business day. A date that the calendar does not
// cover counts as one unless it is on a weekend: a deadline is rather too early
// than too late.
func (c *Calendar) Business(d Day) bool {
	if c == nil {
		w := d.Weekday()
		return w != time.Saturday && w != time.Sunday
	}
	return !c.Holiday(d) && (c.Working(d) || !c.weekend[d.Weekday()])
}

// Len returns the number of holidays.
func (c *Calendar) Len() int {
	if c == nil {
		return 0
	}
	return len(c.holidays)
}
