package calendar

import (
	"errors"
	"fmt"
	"math"
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
				h.week[d] = windows
			}
		case isRange && i >= 0 && j >= 0:
			for d := i; ; d = (d + 1) % 7 {
				h.week[d] = windows
				if d == j {
					break
				}
			}
		case !isRange && i >= 0:
			h.week[i] = windows
		default:
			return fmt.Errorf("%q is not a day: use %s, or a range such as mon-fri", part, strings.Join(DayNames(), " "))
		}
	}
	return nil
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
		for _, other := range []*[]Window{h.holiday, h.eve, h.workday} {
			if other != nil {
				all = append(all, *other...)
			}
		}
	}
	all = slices.DeleteFunc(all, func(w Window) bool { return w.To-w.From <= int(h.Margin/time.Second) })
	return complement(complement(all)) // joins those that overlap
}

// UsesHolidays reports whether the table needs its calendar.
func (h *Hours) UsesHolidays() bool { return h.holiday != nil || h.eve != nil || h.workday != nil }

// on returns the windows of a date. A holiday's hours replace those of an eve, and
// both replace those of the day of the week. A date that the calendar does not
// cover might be any of the three: it has only the hours that all have.
func (h *Hours) on(d Day) []Window {
	plain := h.week[d.Weekday()]
	if h.Calendar == nil || !h.UsesHolidays() {
		return plain
	}
	if !h.Calendar.Covers(d) {
		for _, other := range []*[]Window{h.holiday, h.eve} {
			if other != nil {
				plain = intersect(plain, *other)
			}
		}
		return plain
	}
	switch {
	case h.holiday != nil && h.Calendar.Holiday(d):
		return *h.holiday
	case h.eve != nil && h.Calendar.Eve(d):
		return *h.eve
	case h.workday != nil && h.Calendar.Working(d):
		return *h.workday
	}
	return plain
}

// intersect returns the time that is in windows of both lists.
func intersect(a, b []Window) []Window {
	var both []Window
	for _, x := range a {
		for _, y := range b {
			if w := (Window{max(x.From, y.From), min(x.To, y.To)}); w.From < w.To {
				both = append(both, w)
			}
		}
	}
	return both
}

// closing returns when a window ends on date d. The margin is taken off, unless
// the next day's hours follow without a break.
func (h *Hours) closing(d Day, w Window) int {
	if h.Margin == 0 {
		return w.To
	}
	if next := h.on(d + 1); w.To == daySeconds && len(next) > 0 && next[0].From == 0 {
		return w.To
	}
	return w.To - int((h.Margin+time.Second-1)/time.Second)
}

// Open reports whether the table is open at an instant.
func (h *Hours) Open(l Local) bool {
	d, s := l.Day(), l.second()
	for _, w := range h.on(d) {
		if s >= w.From && s < h.closing(d, w) {
			return true
		}
	}
	return false
}

// Next returns the first instant at or after l at which the table is open; false
// if there is none within the horizon.
func (h *Hours) Next(l Local) (time.Time, bool) {
	if h.Open(l) {
		return l.T, true
	}
	limit := l.T.Add(Horizon)
	// Between two clock changes the wall clock runs evenly, so each wall time is
	// one instant there. Search from one change to the next.
	for {
		_, end := l.T.In(l.Zone).ZoneBounds()
		if wall, ok := h.opening(l.wall); ok {
			if t := time.Unix(wall-l.offset, 0).UTC(); end.IsZero() || t.Before(end) {
				return t, !t.After(limit)
			}
		}
		if end.IsZero() || end.After(limit) {
			return time.Time{}, false
		}
		if l = At(end.UTC(), l.Zone); h.Open(l) {
			return l.T, true
		}
	}
}

// opening returns the wall time of the first beginning of a window after wall.
func (h *Hours) opening(wall int64) (int64, bool) {
	first := Day(floorDiv(wall, daySeconds))
	for d := first; d <= first+Day(Horizon/(24*time.Hour))+1; d++ {
		for _, w := range h.on(d) {
			if at := int64(d)*daySeconds + int64(w.From); at > wall && w.From < h.closing(d, w) {
				return at, true
			}
		}
	}
	return math.MaxInt64, false
}

// ParseQuiet parses blocked hours, such as "22:00-07:00" or
// "mon-fri 08:00-18:00; sat 12:00-14:00", and returns the open hours. A window may
// go over midnight.
func ParseQuiet(s string) (*Hours, error) {
	var blocked [7][]Window
	for part := range strings.SplitSeq(s, ";") {
		days, windows := "daily", strings.TrimSpace(part)
		if head, tail, ok := strings.Cut(windows, " "); ok && head[0] > '9' {
			days, windows = head, strings.TrimSpace(tail)
		}
		var selected Hours
		if err := selected.Set(days, []Window{{0, 1}}); err != nil || selected.UsesHolidays() {
			return nil, fmt.Errorf("%q are not days of the week", days)
		}
		for text := range strings.SplitSeq(windows, ",") {
			w, err := ParseWindow(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			for d := range blocked {
				if len(selected.week[d]) == 0 {
					continue
				}
				if w.From < w.To {
					blocked[d] = append(blocked[d], w)
					continue
				}
				next := (d + 1) % 7
				blocked[d] = append(blocked[d], Window{w.From, daySeconds})
				blocked[next] = append(blocked[next], Window{0, w.To})
			}
		}
	}
	open := &Hours{}
	for d := range blocked {
		open.week[d] = complement(blocked[d])
	}
	return open, nil
}

// complement returns the time of a day that is in none of the windows.
func complement(blocked []Window) []Window {
	sort.Slice(blocked, func(i, j int) bool { return blocked[i].From < blocked[j].From })
	var open []Window
	at := 0
	for _, w := range blocked {
		if w.From > at {
			open = append(open, Window{at, w.From})
		}
		at = max(at, w.To)
	}
	if at < daySeconds {
		open = append(open, Window{at, daySeconds})
	}
	return open
}
