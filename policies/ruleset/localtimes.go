package ruleset

import (
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
)

// localTimes reads documents' clocks where the customer is. If it is not known
// where that is, each method takes the strict side over all candidates.
type localTimes struct {
	now  time.Time // the instant being evaluated
	tick uint32    // counts the instants
	// customer are the customer's zones; empty if they are not known.
	customer []*time.Location
	// bySlot are the local times at now, by the slot of the zone set.
	bySlot []slotTimes
}

type slotTimes struct {
	tick   uint32
	locals []calendar.Local
}

// zonesOf are the zones in which a clock is read.
func (l *localTimes) zonesOf(z *cond.ZoneSet) []*time.Location {
	switch {
	case z.Fixed != nil:
		return z.Fixed
	case len(l.customer) > 0:
		return l.customer
	}
	return z.Unknown
}

// locals are the local times at the present instant.
func (l *localTimes) locals(z *cond.ZoneSet) []calendar.Local {
	slot := &l.bySlot[z.Slot]
	if slot.tick != l.tick {
		slot.tick = l.tick
		slot.locals = slot.locals[:0]
		for _, zone := range l.zonesOf(z) {
			slot.locals = append(slot.locals, calendar.At(l.now, zone))
		}
	}
	return slot.locals
}

// since is the earliest instant, over the zones, that a span still includes.
func (l *localTimes) since(span calendar.Span, clock *cond.Clock) time.Time {
	var since time.Time
	for i, local := range l.locals(clock.Zones) {
		if t := span.Since(local, clock.Calendar); i == 0 || t.Before(since) {
			since = t
		}
		if span.Absolute() {
			break
		}
	}
	return since
}

// firstEnd is the earliest end of a span over the zones: the strict side for a
// grace period.
func (l *localTimes) firstEnd(span calendar.Span, from time.Time, clock *cond.Clock) time.Time {
	var end time.Time
	for _, zone := range l.zonesOf(clock.Zones) {
		if t := span.End(from, zone, clock.Calendar); end.IsZero() || t.Before(end) {
			end = t
		}
		if span.Absolute() {
			break
		}
	}
	return end
}

// lastEnd is the latest end of a span over the zones; zero if it has none.
func (l *localTimes) lastEnd(span calendar.Span, from time.Time, clock *cond.Clock) time.Time {
	var end time.Time
	for _, zone := range l.zonesOf(clock.Zones) {
		t := span.End(from, zone, clock.Calendar)
		if t.IsZero() {
			return time.Time{}
		}
		end = later(end, t)
		if span.Absolute() {
			break
		}
	}
	return end
}

// certain reports whether the end of a span is certain in every zone: false if it
// rests on dates that the calendar does not cover.
func (l *localTimes) certain(span calendar.Span, from time.Time, clock *cond.Clock) bool {
	if !span.Business() {
		return true
	}
	for _, zone := range l.zonesOf(clock.Zones) {
		if !span.Certain(from, zone, clock.Calendar) {
			return false
		}
	}
	return true
}

// runs reports whether a span that began at from has not ended. The answer is
// Unknown if it depends on which of several zones the customer is in, or on dates
// that the calendar does not cover.
func (l *localTimes) runs(span calendar.Span, from time.Time, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	running, over := false, false
	for _, zone := range l.zonesOf(clock.Zones) {
		end := span.End(from, zone, clock.Calendar)
		if !end.IsZero() && !end.After(l.now) {
			over = true
			if !span.Certain(from, zone, clock.Calendar) {
				running = true
				tr.Uncovered = clock.Calendar
			}
			continue
		}
		running = true
		tr.Note(end)
	}
	if running && over {
		return cond.Unknown
	}
	return cond.Of(running)
}

// inForce reports whether the present lies between a beginning and an end. The
// beginning has come if it has come in any of the zones; the end has come if
// it has come in all of them.
func (l *localTimes) inForce(from, until dateOrInstant, z *cond.ZoneSet, tr *cond.Trace) bool {
	if !from.set && !until.set {
		return true
	}
	begun := !from.set
	over := until.set
	for _, zone := range l.zonesOf(z) {
		if from.set {
			at := from.in(zone)
			begun = begun || !l.now.Before(at)
			tr.Note(at)
		}
		if until.set {
			at := until.in(zone)
			over = over && !l.now.Before(at)
			tr.Note(at)
		}
	}
	return begun && !over
}

// lastMidnight is the beginning of a day in the last of the zones.
func (l *localTimes) lastMidnight(day calendar.Day, z *cond.ZoneSet) time.Time {
	var last time.Time
	for _, zone := range l.zonesOf(z) {
		last = later(last, day.Start(zone))
	}
	return last
}
