package cond

import (
	"time"

	"touchgate.dev/policies/calendar"
)

// Clock is how a document tells time: in which zones, by which calendar, and
// on which day its weeks start. Clocks can be compared by ==.
type Clock struct {
	Zones     *ZoneSet
	Calendar  *calendar.Calendar
	WeekStart time.Weekday
}

// ZoneSet says in which time zones a document's clock is read. Documents with
// equal zones share one ZoneSet, so that their local times are computed once.
type ZoneSet struct {
	// Slot is the number of the set within its rule set, from 0.
	Slot int
	// Fixed is set if the document names one zone for all customers.
	Fixed []*time.Location
	// Unknown are the candidates for a customer whose zone is not known. The
	// strictest of them decides.
	Unknown []*time.Location
}
