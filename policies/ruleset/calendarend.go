package ruleset

import (
	"fmt"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// CalendarEnd is the last date that a calendar knows, of a calendar that a
// policy's rules ask.
type CalendarEnd struct {
	Policy   string
	Calendar string
	Last     calendar.Day

	file string
	line int
}

// calendarWarning is how long before its end a calendar is warned of.
const calendarWarning = 60

// CalendarEnds lists the ends of the calendars that rules ask, in the order of
// the documents. What falls on a later date is held back.
func (s *Set) CalendarEnds() []CalendarEnd {
	var ends []CalendarEnd
	for _, d := range s.documents {
		last, bounded := d.clock.Calendar.Last()
		if d.usesCalendar && bounded {
			ends = append(ends, CalendarEnd{
				Policy: d.name, Calendar: d.clock.Calendar.Name, Last: last, file: d.file, line: d.calendarLine,
			})
		}
	}
	return ends
}

// EndingCalendars warns of the calendars that rules ask and that end within 60
// days, or have ended.
func (s *Set) EndingCalendars(now time.Time) touch.Faults {
	soon := calendar.At(now, time.UTC).Day() + calendarWarning
	var warnings touch.Faults
	for _, end := range s.CalendarEnds() {
		if end.Last < soon {
			warnings = append(warnings, touch.Fault{
				File: end.file, Line: end.line, Hint: "add the next year",
				Message: fmt.Sprintf("the calendar %q is known until %s: what falls on a later date is held back", end.Calendar, end.Last),
			})
		}
	}
	return warnings
}
