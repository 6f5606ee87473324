package calendar

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Window is a part of a day, in seconds from its beginning. From is part of it, To
// is not.
type Window struct{ From, To int }

// ParseWindow parses a window such as "09:00-17:30". A day ends at 24:00.
func ParseWindow(s string) (Window, error) {
	from, to, ok := strings.Cut(s, "-")
	a, errA := clock(strings.TrimSpace(from))
	b, errB := clock(strings.TrimSpace(to))
	if !ok || errA != nil || errB != nil {
		return Window{}, fmt.Errorf("%q is not a window: write 09:00-17:30", s)
	}
	return Window{a, b}, nil
}

// clock parses a time of day into seconds.
func clock(s string) (int, error) {
	if s == "24:00" {
		return daySeconds, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			return t.Hour()*3600 + t.Minute()*60 + t.Second(), nil
		}
	}
	return 0, errors.New("not a time of day")
}

// Hours is a table of opening hours for each day of the week, and for holidays,
// eves and swapped working days if they differ. A day that is not named is
// closed.
type Hours struct {
	week    [7][]Window
	named   [7]bool // the table says something of this day of the week
	holiday *[]Window
	eve     *[]Window
	workday *[]Window
	// Calendar has the holidays; nil has none.
	Calendar *Calendar
	// Margin closes every window earlier, because a message that is sent in time
	// may arrive later.
	Margin time.Duration
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// DayNames returns the names that Set accepts, beside ranges such as "mon-fri".
func DayNames() []string {
	return append(slices.Clone(weekdays), "daily", "holiday", "eve", "workday")
}

// Set sets the windows of days. The selector is a name of DayNames, a range of
// week days, or several of both with commas between.
func (h *Hours) Set(selector string, windows []Window) error {
	windows, err := sortWindows(windows)
	if err != nil {
		return err
	}
	for part := range strings.SplitSeq(selector, ",") {
		part = strings.TrimSpace(part)
		from, to, isRange := strings.Cut(part, "-")
		i, j := slices.Index(weekdays, from), slices.Index(weekdays, to)
		switch {
		case part == "holiday":
			h.holiday = &windows
		case part == "eve":
			h.eve = &windows
		case part == "workday":
			h.workday = &windows
		case part == "daily":
			for d := range h.week {
				h.setDay(d, windows)
			}
		case isRange && i >= 0 && j >= 0:
			for d := i; ; d = (d + 1) % 7 {
				h.setDay(d, windows)
				if d == j {
					break
				}
			}
		case !isRange && i >= 0:
			h.setDay(i, windows)
		default:
			return fmt.Errorf("%q is not a day: use %s, or a range such as mon-fri", part, strings.Join(DayNames(), " "))
		}
	}
	return nil
}

func (h *Hours) setDay(d int, windows []Window) {
	h.week[d] = windows
	h.named[d] = true
}

// sortWindows returns the windows sorted. Empty or overlapping ones are an error.
func sortWindows(windows []Window) ([]Window, error) {
	windows = slices.Clone(windows)
	sort.Slice(windows, func(i, j int) bool { return windows[i].From < windows[j].From })
	for i, w := range windows {
		if w.From >= w.To {
			return nil, errors.New("a window ends after it begins; write one over midnight as two, such as 20:00-24:00 and 00:00-06:00")
		}
		if i > 0 && windows[i-1].To > w.From {
			return nil, errors.New("two windows of one day overlap")
		}
	}
	return windows, nil
}

// Common is the time at which several tables can be open at once, by day of the
// week, on any sort of day (holiday, eve, working day or plain). The zero Common
// has no table yet.
type Common struct {
	week    [7][]Window
	started bool
}

// Add adds a table and reports whether any time remains. If none would, the table
// is not added.
func (c *Common) Add(h *Hours) bool {
	both := Common{started: true}
	remains := false
	for d := range c.week {
		if both.week[d] = h.openAtAnyTime(d); c.started {
			both.week[d] = intersect(c.week[d], both.week[d])
		}
		remains = remains || len(both.week[d]) > 0
	}
	if remains {
		*c = both
	}
	return remains
}

// Opens reports whether the table is ever open.
func (h *Hours) Opens() bool { return new(Common).Add(h) }

// openAtAnyTime returns all times at which a day of the week may be open, after
// the margin is taken off.
func (h *Hours) openAtAnyTime(d int) []Window {
	all := slices.Clone(h.week[d])
	if h.Calendar.Len() > 0 {
		for kind := range anyKind + 1 {
			all = append(all, h.windows(d, kind)...)
		}
	}
	all = slices.DeleteFunc(all, func(w Window) bool { return w.To-w.From <= int(h.Margin/time.Second) })
	return complement(complement(all)) // joins those that overlap
}

// UsesHolidays reports whether the table needs its calendar.
func (h *Hours) UsesHolidays() bool { return h.holiday != nil || h.eve != nil || h.workday != nil }
