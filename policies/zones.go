package policies

import (
	"time"

	"touchgate.dev/policies/calendar"
)

// zone loads a zone once.
func (s *Set) zone(name string) *time.Location {
	if z, ok := s.zones.Load(name); ok {
		return z.(*time.Location)
	}
	if name == "" || name == "Local" {
		return nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil // not kept: what callers make up must not fill the memory
	}
	s.zones.Store(name, z)
	return z
}

// zonesOf gives the zones in which p's clock is read.
func (e *evaluation) zonesOf(p *place) []*time.Location {
	switch {
	case p.fixed != nil:
		return p.fixed
	case len(e.zones) > 0:
		return e.zones
	}
	return p.unknown
}

// locals reads p's clocks at the instant being judged.
func (e *evaluation) locals(p *place) []calendar.Local {
	c := &e.clocks[p.slot]
	if c.stamp != e.stamp {
		c.stamp, c.locals = e.stamp, c.locals[:0]
		for _, zone := range e.zonesOf(p) {
			c.locals = append(c.locals, calendar.At(e.t, zone))
		}
	}
	return c.locals
}

// since is the earliest instant, over the zones, that still counts.
func (e *evaluation) since(span calendar.Span, r *rule) (since time.Time) {
	for i, l := range e.locals(r.doc.place) {
		if t := span.Since(l, r.doc.calendar); i == 0 || t.Before(since) {
			since = t
		}
		if span.Absolute() {
			break
		}
	}
	return since
}

// first is the earliest end of a span over the zones: the strict side for a
// period of grace.
func (e *evaluation) first(span calendar.Span, from time.Time, r *rule) (end time.Time) {
	for _, zone := range e.zonesOf(r.doc.place) {
		if t := span.End(from, zone, r.doc.calendar); end.IsZero() || t.Before(end) {
			end = t
		}
		if span.Absolute() {
			break
		}
	}
	return end
}

// last is the latest end of a span over the zones; never when it has none.
func (e *evaluation) last(span calendar.Span, from time.Time, r *rule) (end time.Time) {
	for _, zone := range e.zonesOf(r.doc.place) {
		t := span.End(from, zone, r.doc.calendar)
		if t.IsZero() {
			return never
		}
		end = later(end, t)
		if span.Absolute() {
			break
		}
	}
	return end
}

// inForce reports whether m, the beginning or end of something, has come:
// in any of the zones for a beginning, in all of them for an end.
func (e *evaluation) inForce(from, until moment, p *place) bool {
	begun, over := !from.set, until.set
	if !from.set && !until.set {
		return true
	}
	for _, zone := range e.zonesOf(p) {
		if from.set {
			at := from.in(zone)
			begun = begun || !e.t.Before(at)
			e.note(at)
		}
		if until.set {
			at := until.in(zone)
			over = over && !e.t.Before(at)
			e.note(at)
		}
	}
	return begun && !over
}
