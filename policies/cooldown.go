package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// cooldown demands that some time has passed since an outcome.
type cooldown struct {
	after      []string
	per        calendar.Span
	by         keys
	categories []touch.Category // of the contacts whose outcomes count; empty: all
	channels   []touch.Channel
	grace      *calendar.Span
	lifted     []string // scopes: consent given later ends it
	times      int      // so many outcomes begin it
	within     *calendar.Span
}

func readCooldown(c *compiler, n *yaml.Node, r *rule) demand {
	f := c.fields(n, "after", "for", "by", "of", "grace", "lifted_by", "times", "within")
	d := &cooldown{after: c.texts(f["after"]), lifted: c.texts(f["lifted_by"]), times: 1,
		by: c.keys(f["by"], "customer", "subject", "campaign", "address", "caller", "template", "channel", "method", "category")}
	if len(d.after) == 0 || f["for"] == nil {
		c.fault(n, "such as cooldown: {after: [refused], for: 60 days}", "a cool-down has after and for")
		return d
	}
	d.per = c.span(f["for"], c.doc)
	if f["grace"] != nil {
		s := c.span(f["grace"], c.doc)
		d.grace = &s
	}
	if (f["times"] == nil) != (f["within"] == nil) {
		c.fault(n, "such as times: 3, within: 7 days", "times and within go together")
	} else if f["times"] != nil {
		s := c.span(f["within"], c.doc)
		d.times, d.within = c.number(f["times"], "times", 1, 1000), &s
	}
	if f["of"] != nil {
		d.categories, d.channels = c.contacts(f["of"])
	}
	return d
}

// concerns reports whether the outcome is one that counts for the leg being
// judged. What an outcome does not say (a letter that names no product) counts
// for everything.
func (d *cooldown) concerns(e *evaluation, o *touch.Outcome) bool {
	t := e.q.Touch
	same := func(key keys, have, asked string) bool {
		return d.by&key == 0 || have == "" || asked == "" || have == asked
	}
	return slices.Contains(d.after, o.Kind) &&
		(len(d.categories) == 0 || o.Category == "" || slices.Contains(d.categories, o.Category)) &&
		(len(d.channels) == 0 || o.Channel == "" || slices.Contains(d.channels, o.Channel)) &&
		same(bySubject, o.Subject, t.Subject) && same(byCampaign, o.Campaign, t.Campaign) && same(byAddress, o.Address, e.q.Address) &&
		same(byCaller, o.Caller, t.Caller) && same(byTemplate, o.Template, e.leg.Template) &&
		same(byChannel, string(o.Channel), string(e.leg.Channel)) && same(byCategory, string(o.Category), string(t.Category)) &&
		(d.by&byMethod == 0 || o.Channel == "" || slices.Contains(method(e.leg.Channel), o.Channel))
}

func (d *cooldown) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	if e.q.Customer == nil {
		return e.t // outcomes are our own record: none is known means none was
	}
	next := e.t
	for i := range e.q.Customer.Outcomes {
		o := &e.q.Customer.Outcomes[i]
		if !d.concerns(e, o) || !d.enough(e, r, o) {
			continue
		}
		begin := o.At
		if d.grace != nil {
			begin = e.first(*d.grace, o.At, r)
		}
		end := e.last(d.per, o.At, r)
		if begin.After(e.t) || (!end.IsZero() && !end.After(e.t)) || e.liftedAfter(d.lifted, o.At) {
			continue
		}
		if end.IsZero() {
			next = never
		} else if !next.IsZero() {
			next = later(next, end)
		}
		if f != nil {
			f.Since = o.At
			f.Reason = fmt.Sprintf("%s on %s: %s", o.Kind, o.At.UTC().Format(time.DateOnly), d.per)
		}
	}
	return next
}

// enough reports whether o is the last of as many outcomes as it takes.
func (d *cooldown) enough(e *evaluation, r *rule, o *touch.Outcome) bool {
	if d.within == nil {
		return true
	}
	n := 0
	for i := range e.q.Customer.Outcomes {
		earlier := &e.q.Customer.Outcomes[i]
		if earlier.At.After(o.At) || !d.concerns(e, earlier) {
			continue
		}
		if end := e.last(*d.within, earlier.At, r); end.IsZero() || end.After(o.At) {
			n++
		}
	}
	return n >= d.times
}

// liftedAfter reports whether the customer has consented to one of the scopes
// since.
func (e *evaluation) liftedAfter(scopes []string, since time.Time) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool {
		return e.consented(strings.TrimSuffix(e.expand(scope), ":"), since, nil) == yes
	})
}
