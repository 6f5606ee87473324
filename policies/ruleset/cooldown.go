package ruleset

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// cooldown requires that some time has passed since an outcome.
type cooldown struct {
	after    []string // outcomes
	per      calendar.Span
	by       keys
	of       outcomesOf     // the contacts whose outcomes count
	grace    *calendar.Span // how long it may take to begin
	liftedBy []string       // scopes: a later consent to one of them ends it
	times    int            // how many outcomes it takes
	within   *calendar.Span // in which they must come
}

func readCooldown(c *ruleReader, n *yaml.Node, r *rule) check {
	f := c.fields(n, "after", "for", "by", "of", "grace", "lifted_by", "times", "within")
	d := &cooldown{after: c.texts(f["after"]), liftedBy: c.texts(f["lifted_by"]), times: 1}
	c.readEach(f["after"], outcomeName, d.after)
	c.readEach(f["lifted_by"], scopeName, d.liftedBy)
	d.by = c.keys(f["by"], "customer", "subject", "campaign", "address", "caller", "template", "channel", "method", "category")
	if len(d.after) == 0 || f["for"] == nil {
		c.fault(n, "such as cooldown: {after: [refused], for: 60 days}", "a cool-down has after and for")
		return d
	}
	d.per = c.span(f["for"])
	d.grace = c.optionalSpan(f["grace"])
	if (f["times"] == nil) != (f["within"] == nil) {
		c.fault(n, "such as times: 3, within: 7 days", "times and within go together")
	} else if f["times"] != nil {
		d.within = c.optionalSpan(f["within"])
		d.times = c.number(f["times"], "times", 1, 1000)
	}
	if f["of"] != nil {
		d.of = outcomesOf{scopes: cond.ScopesOf(c.contacts(f["of"]))}
	} else {
		d.of = outcomesWhere(r.when)
	}
	return d
}

func (d *cooldown) evaluate(e *evaluation, r *rule, f *touch.Finding) answer {
	if e.q.Customer == nil {
		return satisfied // outcomes are our own record: an unknown customer has none
	}
	clock := &r.doc.clock
	all := satisfied
	for i := range e.q.Customer.Outcomes {
		o := &e.q.Customer.Outcomes[i]
		if !d.matches(e, o) || !d.enough(e, r, o) {
			continue
		}
		begin := o.At
		if d.grace != nil {
			begin = e.firstEnd(*d.grace, o.At, clock)
		}
		end := e.notBeforeEnd(d.per, o.At, r)
		if begin.After(e.now) || end.ok || e.consentedSince(d.liftedBy, o.At, &e.trace) {
			continue
		}
		all = all.and(end)
		if d.grace != nil && !e.certain(*d.grace, o.At, clock) {
			e.trace.Uncovered = clock.Calendar // the grace may not be over yet
		}
		if f != nil {
			f.Since = o.At
			f.Reason = fmt.Sprintf("%s on %s: %s", o.Kind, o.At.UTC().Format(time.DateOnly), d.per)
		}
	}
	return all
}

// matches reports whether an outcome counts for the leg. What an outcome does
// not say (a letter that names no product) counts for everything.
func (d *cooldown) matches(e *evaluation, o *touch.Outcome) bool {
	t := e.q.Touch
	same := func(key keys, have, asked string) bool {
		return !d.by.has(key) || have == "" || asked == "" || have == asked
	}
	return slices.Contains(d.after, o.Kind) &&
		d.of.has(o) &&
		same(bySubject, o.Subject, t.Subject) &&
		same(byCampaign, o.Campaign, t.Campaign) &&
		same(byAddress, o.Address, e.q.Address) &&
		same(byCaller, o.Caller, t.Caller) &&
		same(byTemplate, o.Template, e.leg.Template) &&
		same(byChannel, string(o.Channel), string(e.leg.Channel)) &&
		same(byCategory, string(o.Category), string(t.Category)) &&
		(!d.by.has(byMethod) || o.Channel == "" || o.Channel.Method() == e.leg.Channel.Method())
}

// enough reports whether o is the last of as many outcomes as it takes.
func (d *cooldown) enough(e *evaluation, r *rule, o *touch.Outcome) bool {
	if d.within == nil {
		return true
	}
	n := 0
	for i := range e.q.Customer.Outcomes {
		earlier := &e.q.Customer.Outcomes[i]
		if earlier.At.After(o.At) || !d.matches(e, earlier) {
			continue
		}
		if end := e.lastEnd(*d.within, earlier.At, &r.doc.clock); end.IsZero() || end.After(o.At) || !e.certain(*d.within, earlier.At, &r.doc.clock) {
			n++
		}
	}
	return n >= d.times
}
