package ruleset

import (
	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// preferences requires that the customer's own wishes are kept: hours that the
// customer blocked, or nothing at all until an instant. The YAML key is "own".
type preferences struct {
	quiet string // the preference with the blocked hours
	hold  string // the preference or attribute with the instant
}

func readPreferences(c *ruleReader, n *yaml.Node, _ *rule) check {
	f := c.fields(n, "quiet", "hold")
	p := &preferences{quiet: c.text(f["quiet"]), hold: c.text(f["hold"])}
	if (p.quiet == "") == (p.hold == "") {
		c.fault(n, "such as own: {quiet: quiet_hours}", "own names one preference: of blocked hours (quiet) or of an instant before which nothing goes out (hold)")
	}
	if p.quiet != "" {
		c.readNames(f["quiet"], preferenceName, QuietHours, p.quiet)
	}
	if p.hold != "" {
		c.readNames(f["hold"], preferenceName, Instant, p.hold)
		c.readNames(f["hold"], attributeName, Instant, p.hold)
	}
	return p
}

func (p *preferences) evaluate(e *evaluation, r *rule, f *touch.Finding) answer {
	if e.q.Customer == nil {
		return satisfied
	}
	if p.hold != "" {
		return p.evaluateHold(e, r, f)
	}
	return p.evaluateQuiet(e, r, f)
}

func (p *preferences) evaluateHold(e *evaluation, r *rule, f *touch.Finding) answer {
	_, isPreference := e.q.Customer.Preferences[p.hold]
	_, isAttribute := e.q.Customer.Attributes[p.hold]
	if !isPreference && !isAttribute {
		return satisfied
	}
	at, readable := e.instant(p.hold, r.doc.clock.Zones)
	if readable && !e.now.Before(at) {
		return satisfied
	}
	if f != nil {
		f.Reason = "the customer wants nothing until then"
	}
	if !readable {
		return never
	}
	return answer{retryAt: at}
}

func (p *preferences) evaluateQuiet(e *evaluation, r *rule, f *touch.Finding) answer {
	wish := e.q.Customer.Preferences[p.quiet]
	if wish == "" {
		return satisfied
	}
	table, err := calendar.ParseQuiet(wish)
	if err != nil {
		if f != nil {
			f.Reason = "the customer's hours cannot be read"
		}
		return never
	}
	all := satisfied
	for _, local := range e.locals(r.doc.clock.Zones) {
		opens, ok := table.Next(local)
		if !ok {
			return never
		}
		all = all.and(notBefore(opens, e.now))
	}
	if f != nil && !all.ok {
		f.Reason = "in the hours that the customer blocked"
	}
	return all
}
