package calendar

import (
	"math"
	"time"
)

// closing returns when a window ends on date d. The margin is taken off, unless
// the next day's hours follow without a break.
func (h *Hours) closing(d Day, w Window, r reading) int {
	if h.Margin == 0 {
		return w.To
	}
	if next := h.on(d+1, r); w.To == daySeconds && len(next) > 0 && next[0].From == 0 {
		return w.To
	}
	return w.To - int((h.Margin+time.Second-1)/time.Second)
}

// Open reports whether the table is surely open at an instant.
func (h *Hours) Open(l Local) bool { return h.open(l, surely) }

func (h *Hours) open(l Local, r reading) bool {
	d, s := l.Day(), l.second()
	for _, w := range h.on(d, r) {
		if s >= w.From && s < h.closing(d, w, r) {
			return true
		}
	}
	return false
}

// Next returns the first instant at or after l at which the table is surely open;
// false if there is none within the horizon. A date that the calendar does not
// cover may be a holiday: it has only the hours that it has in every case.
func (h *Hours) Next(l Local) (time.Time, bool) { return h.next(l, surely) }

// Perhaps returns the first instant at or after l at which the table may be
// open, if nobody knows yet which later dates are holidays; false if there is
// none within the horizon. It is never after that of Next.
func (h *Hours) Perhaps(l Local) (time.Time, bool) {
	if _, ends := h.Calendar.Last(); !ends || !h.UsesHolidays() {
		return h.next(l, surely)
	}
	return h.next(l, perhaps)
}

func (h *Hours) next(l Local, r reading) (time.Time, bool) {
	if h.open(l, r) {
		return l.T, true
	}
	limit := l.T.Add(Horizon)
	// Between two clock changes the wall clock runs evenly, so each wall time is
	// one instant there. Search from one change to the next.
	for {
		_, end := l.T.In(l.Zone).ZoneBounds()
		if wall, ok := h.opening(l.wall, r); ok {
			if t := time.Unix(wall-l.offset, 0).UTC(); end.IsZero() || t.Before(end) {
				return t, !t.After(limit)
			}
		}
		if end.IsZero() || end.After(limit) {
			return time.Time{}, false
		}
		if l = At(end.UTC(), l.Zone); h.open(l, r) {
			return l.T, true
		}
	}
}

// opening returns the wall time of the first beginning of a window after wall.
func (h *Hours) opening(wall int64, r reading) (int64, bool) {
	first := Day(floorDiv(wall, daySeconds))
	for d := first; d <= first+Day(Horizon/(24*time.Hour))+1; d++ {
		for _, w := range h.on(d, r) {
			if at := int64(d)*daySeconds + int64(w.From); at > wall && w.From < h.closing(d, w, r) {
				return at, true
			}
		}
	}
	return math.MaxInt64, false
}
