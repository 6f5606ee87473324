package calendar

// dayKind is what a date is besides its day of the week; several may be true at
// once.
type dayKind uint8

const (
	onHoliday dayKind = 1 << iota
	onEve             // of a holiday
	onWorkday         // a weekend day that was made a working day
	anyKind   = onHoliday | onEve | onWorkday
)

// windows returns the hours of a day of the week that is of a kind. A holiday's
// hours replace all others, and an eve's those of the day. Neither opens a day
// that is closed by its name (`sun: []`), and an eve opens no day that is closed
// at all: only a working day opens a weekend.
func (h *Hours) windows(day int, is dayKind) []Window {
	hours := h.week[day]
	closed := h.named[day] && len(hours) == 0
	if is&onHoliday != 0 && h.holiday != nil {
		if closed {
			return nil
		}
		return *h.holiday
	}
	if is&onWorkday != 0 && h.workday != nil {
		hours = *h.workday
	}
	if is&onEve != 0 && h.eve != nil && len(hours) > 0 {
		return *h.eve
	}
	return hours
}

// reading says how to read a date of which the calendar does not know whether it
// is a holiday, an eve or a working day.
type reading bool

const (
	surely  reading = false // only the hours that it has in every case
	perhaps reading = true  // the hours that it has in any case
)

// on returns the windows of a date.
func (h *Hours) on(d Day, r reading) []Window {
	day := int(d.Weekday())
	c := h.Calendar
	if c == nil || !h.UsesHolidays() {
		return h.week[day]
	}
	var is dayKind
	if c.Holiday(d) {
		is |= onHoliday
	}
	if c.Eve(d) {
		is |= onEve
	}
	if c.Working(d) {
		is |= onWorkday
	}
	hours := h.windows(day, is)
	if is&onHoliday != 0 {
		return hours
	}

	combine := intersect
	if r == perhaps {
		combine = union
	}
	covered := c.Covers(d)
	if !covered {
		hours = combine(hours, h.windows(day, is|onHoliday))
		if c.weekend[day] {
			hours = combine(hours, h.windows(day, is|onWorkday))
		}
	}
	// The last day that is covered may be an eve: nobody knows what follows.
	if is&onEve == 0 && (!covered || !c.Covers(d+1)) {
		hours = combine(hours, h.windows(day, is|onEve))
	}
	return hours
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

// union returns the time that is in windows of one of the lists.
func union(a, b []Window) []Window {
	all := append(append([]Window{}, a...), b...)
	return complement(complement(all)) // joins those that overlap
}
