package ruleset

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// capRule requires, for each of its limits, that the customer's log holds
// fewer than so many contacts within a span.
type capRule struct {
	limits  []limit
	by      keys
	counted cond.ScopeSet // the contacts that count, whatever the leg
	// selections are what a leg of each scope counts: counted, narrowed by
	// channel, method and category.
	selections [cond.NumScopes]selection
	kind       contactlog.Kind          // how far a contact must have come
	kinds      []contactlog.ChannelKind // the same for single channels
	// only narrows what is counted to the contacts that the rule's condition
	// holds for: one subject or campaign, for example.
	only     contactlog.Match
	narrowed bool // only or kinds are set
	// ranked leaves places to touches of higher priority, see caprank.go.
	ranked bool
}

type limit struct {
	n   int
	per calendar.Span
}

// selection is categories × channels; an empty list means all of its kind.
type selection struct {
	none       bool
	categories []touch.Category
	channels   []touch.Channel
}

func (c *capRule) evaluate(e *evaluation, r *rule, f *touch.Finding) answer {
	if c.selections[e.scope].none {
		return satisfied
	}
	if !e.log.Known {
		if f != nil {
			f.Reason = "the contact log cannot be read"
		}
		return notBefore(e.q.Now.Add(time.Minute), e.now)
	}

	all := satisfied
	match := c.match(e)
	for i := range c.limits {
		one := &c.limits[i]
		since := e.since(one.per, &r.doc.clock)
		count, oldest := e.count(&match, since, one.n)
		blocked := count >= one.n
		// The finding shows the first limit, or the first one that blocks, or
		// one that blocks for ever.
		if f != nil && (blocked || i == 0) && (f.Reason == "" || all.isNever()) {
			f.Count = count
			f.Limit = one.n
			f.Since = since
			if blocked {
				f.Reason = fmt.Sprintf("%d of %d in %s", count, one.n, one.per)
			}
		}
		if blocked {
			all = all.and(e.notBeforeEnd(one.per, oldest, r))
		}
	}
	if all.ok {
		return c.deferToHigher(e, r, f)
	}
	return all
}

// notBeforeEnd asks to wait until a span is over that began at from.
func (e *evaluation) notBeforeEnd(span calendar.Span, from time.Time, r *rule) answer {
	end := e.lastEnd(span, from, &r.doc.clock)
	if end.IsZero() {
		return never
	}
	if span.Business() && !end.After(e.now) && !e.certain(span, from, &r.doc.clock) {
		e.trace.Uncovered = r.doc.clock.Calendar
		return never
	}
	return notBefore(end, e.now)
}

// ask appends what the cap asks of the contact log: its own limits and, if it
// is ranked, the places that touches ahead need.
func (c *capRule) ask(e *evaluation, r *rule, f *touch.Finding, asked []contactlog.Question) []contactlog.Question {
	asked = c.questions(e, r, asked)
	if f != nil {
		f.Limit = c.limits[0].n
		f.Since = e.since(c.limits[0].per, &r.doc.clock)
	}
	if c.ranked && len(e.q.Ahead) > 0 {
		asked = e.askPlacesAhead(r, asked)
	}
	return asked
}

// questions appends what the limits ask of the contact log.
func (c *capRule) questions(e *evaluation, r *rule, asked []contactlog.Question) []contactlog.Question {
	match := c.match(e)
	for i := range c.limits {
		since := e.since(c.limits[i].per, &r.doc.clock)
		asked = append(asked, contactlog.Question{Rule: r.id, Since: since, Limit: c.limits[i].n, Match: match})
	}
	return asked
}

// nothing reports whether a leg of the scope counts no contacts at all.
func (c *capRule) nothing(scope int) bool { return c.selections[scope].none }

// match selects the contacts that count for the leg. A key that the touch does
// not have (no subject, no address) selects all: the strict side.
func (c *capRule) match(e *evaluation) contactlog.Match {
	s := &c.selections[e.scope]
	m := contactlog.Match{Channels: s.channels, Categories: s.categories, MinKind: c.kind}
	if c.narrowed {
		m.Kinds = c.kinds
		m.Subject, m.Campaign, m.Caller, m.Template = c.only.Subject, c.only.Campaign, c.only.Caller, c.only.Template
		m.AnyOf = c.only.AnyOf
	}
	if c.by == 0 {
		return m
	}
	own := e.entry()
	if c.by.has(bySubject) {
		m.Subject = cmp.Or(own.Subject, m.Subject)
	}
	if c.by.has(byCampaign) {
		m.Campaign = cmp.Or(own.Campaign, m.Campaign)
	}
	if c.by.has(byAddress) {
		m.Address = own.Address
	}
	if c.by.has(byCaller) {
		m.Caller = cmp.Or(own.Caller, m.Caller)
	}
	if c.by.has(byTemplate) {
		m.Template = cmp.Or(own.Template, m.Template)
	}
	return m
}

// count returns how many contacts count since an instant, and the time of the
// n-th latest of them (zero if there are fewer): the one that must leave the
// span before another contact fits. A pending contact counts as made now. The
// log's resolution is the millisecond.
func (e *evaluation) count(m *contactlog.Match, since time.Time, n int) (count int, oldest time.Time) {
	e.times = e.times[:0]
	if m.MinKind == contactlog.Attempt && m.Kinds == nil && m.AnyOf == nil {
		e.countAll(m, since)
	} else {
		e.countSome(m, since)
	}
	if count = len(e.times); count < n {
		return count, time.Time{}
	}
	slices.Sort(e.times)
	return count, time.UnixMilli(e.times[count-n]).UTC()
}

// countAll collects the times of the entries that a match of every kind selects.
func (e *evaluation) countAll(m *contactlog.Match, since time.Time) {
	from := since.UnixMilli()
	now := e.q.Now.UnixMilli()
	own := e.entry().ID
	for i := range e.log.Entries {
		entry := &e.log.Entries[i]
		at := now
		if !entry.Pending {
			at = entry.At.UnixMilli()
		}
		if at >= from && entry.ID != own && m.SelectsPlainly(entry) {
			e.times = append(e.times, at)
		}
	}
}

// countSome is as countAll for a match with kinds or alternatives.
func (e *evaluation) countSome(m *contactlog.Match, since time.Time) {
	from := since.UnixMilli()
	now := e.q.Now.UnixMilli()
	own := e.entry().ID
	classes, known := e.selectedClasses(m)
	anyKind := m.MinKind == contactlog.Attempt && m.Kinds == nil
	for i := range e.log.Entries {
		if known && classes>>e.classes.of[i]&1 == 0 {
			continue
		}
		entry := &e.log.Entries[i]
		at := now
		if !entry.Pending {
			at = entry.At.UnixMilli()
		}
		if at >= from && (anyKind || m.Reached(entry)) && entry.ID != own && (known || m.Selects(entry)) {
			e.times = append(e.times, at)
		}
	}
}
