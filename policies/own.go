package policies

import (
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// own demands that the customer's own wishes are kept: hours that the
// customer blocked, or nothing at all until an instant.
type own struct{ quiet, hold string }

func readOwn(c *compiler, n *yaml.Node, _ *rule) demand {
	f := c.fields(n, "quiet", "hold")
	o := &own{c.text(f["quiet"]), c.text(f["hold"])}
	if (o.quiet == "") == (o.hold == "") {
		c.fault(n, "such as own: {quiet: quiet_hours}", "own names one preference: of blocked hours (quiet) or of an instant before which nothing goes out (hold)")
	}
	return o
}

func (o *own) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	customer := e.q.Customer
	if customer == nil {
		return e.t
	}
	if o.hold != "" {
		at, ok := e.instant(o.hold, r.doc.place)
		_, isPreference := customer.Preferences[o.hold]
		_, isAttribute := customer.Attributes[o.hold]
		if !isPreference && !isAttribute || ok && !e.t.Before(at) {
			return e.t
		}
		if f != nil {
			f.Reason = "the customer wants nothing until then"
		}
		return at // never, where the wish cannot be read
	}
	wish, ok := customer.Preferences[o.quiet]
	if !ok || wish == "" {
		return e.t
	}
	table, err := calendar.ParseQuiet(wish)
	if err != nil {
		if f != nil {
			f.Reason = "the customer's hours cannot be read"
		}
		return never
	}
	next := e.t
	for _, l := range e.locals(r.doc.place) {
		t, ok := table.Next(l)
		if !ok {
			return never
		}
		next = later(next, t)
	}
	if f != nil && next.After(e.t) {
		f.Reason = "in the hours that the customer blocked"
	}
	return next
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
