package ruleset

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// absent requires that customer and address are on none of some lists.
type absent struct {
	lists         []string       // their names may hold placeholders
	grace         *calendar.Span // how long a new entry may be ignored
	lapse         *calendar.Span // after how long an entry binds no more; nil: never
	checkedWithin *calendar.Span // how old our knowledge of the register may be
	liftedBy      []string       // scopes: a consent after the listing lifts it
}

// suppressionRule is the rule that every set has.
func suppressionRule(zones *cond.ZoneSet) *rule {
	return &rule{
		id:     ruleSetName + "/suppression",
		kind:   "list",
		doc:    &document{name: ruleSetName, mandatory: true, clock: cond.Clock{Zones: zones}},
		decide: touch.DecisionRefuse,
		check:  &absent{lists: []string{touch.Suppression}},
	}
}

func readAbsent(c *ruleReader, n *yaml.Node, r *rule) check {
	a := &absent{}
	r.kind = "list"
	lists := n
	if n.Kind == yaml.MappingNode {
		f := c.fields(n, "lists", "grace", "for", "checked_within", "lifted_by")
		a.liftedBy = c.texts(f["lifted_by"])
		c.readEach(f["lifted_by"], scopeName, a.liftedBy)
		if lists = f["lists"]; lists == nil {
			c.fault(n, "", "absent_from names its lists")
			return a
		}
		if a.grace = c.optionalSpan(f["grace"]); a.grace != nil {
			own := a.grace.FromOwnDay() // "listed for ten business days or more"
			a.grace = &own
		}
		a.lapse = c.optionalSpan(f["for"])
		a.checkedWithin = c.optionalSpan(f["checked_within"])
	}
	a.lists = c.texts(lists)
	if len(a.lists) == 0 {
		c.fault(n, "", "absent_from names its lists")
	}
	c.readEach(lists, listName, a.lists)
	for _, name := range a.lists {
		if a.checkedWithin != nil {
			c.readNames(lists, attributeName, Instant, expansions("checked:"+name)...)
		}
		if !isListName(name) {
			c.fault(lists, "placeholders are "+strings.Join(placeholders, " "), "%q is not the name of a list", name)
		}
	}
	return a
}

func isListName(name string) bool {
	filled := name
	for _, p := range placeholders {
		filled = strings.ReplaceAll(filled, p, "x")
	}
	return filled != "" && len(name) <= 64 && !strings.ContainsAny(filled, "{} \t")
}

func (a *absent) evaluate(e *evaluation, r *rule, f *touch.Finding) answer {
	all := satisfied
	for _, name := range a.lists {
		name = e.expand(name)
		all = all.and(a.notListed(e, r, f, name))
		all = all.and(a.recentlyChecked(e, r, f, name))
	}
	return all
}

// notListed is satisfied if no live entry of the list binds the leg.
func (a *absent) notListed(e *evaluation, r *rule, f *touch.Finding, name string) answer {
	all := satisfied
	for i := range e.q.Listings {
		l := &e.q.Listings[i]
		if l.List != name || l.Key == touch.RegisterKey || !e.inScope(l.Scope) {
			continue
		}
		begin := l.Since
		if a.grace != nil {
			begin = e.firstEnd(*a.grace, l.Since, &r.doc.clock)
		}
		end := a.bindsUntil(e, r, l)
		if begin.After(e.now) || end.ok || e.consentedSince(a.liftedBy, l.Since, &e.trace) {
			continue
		}
		if a.grace != nil && !e.certain(*a.grace, l.Since, &r.doc.clock) {
			e.trace.Uncovered = r.doc.clock.Calendar // the grace may not be over yet
		}
		if f != nil {
			f.Reason = "listed in " + name
			f.Since = l.Since
		}
		all = all.and(end)
	}
	return all
}

// bindsUntil asks to wait until an entry ends: by its own end, or by its age.
func (a *absent) bindsUntil(e *evaluation, r *rule, l *touch.Listing) answer {
	end := never
	if l.Until != nil {
		end = notBefore(*l.Until, e.now)
	}
	if a.lapse == nil || end.ok {
		return end
	}
	lapsed := e.notBeforeEnd(*a.lapse, l.Since, r)
	if lapsed.ok || end.isNever() || (!lapsed.isNever() && lapsed.retryAt.Before(end.retryAt)) {
		return lapsed
	}
	return end
}

// recentlyChecked is satisfied if our copy of the register is fresh enough.
func (a *absent) recentlyChecked(e *evaluation, r *rule, f *touch.Finding, name string) answer {
	if a.checkedWithin == nil && f == nil {
		return satisfied // nobody wants to know
	}
	var checked time.Time
	for i := range e.q.Listings {
		if l := &e.q.Listings[i]; l.List == name && l.CheckedAt != nil {
			checked = later(checked, *l.CheckedAt)
		}
	}
	result := satisfied
	if a.checkedWithin != nil {
		if at, ok := e.instant("checked:"+name, r.doc.clock.Zones); ok {
			checked = later(checked, at)
		}
		if checked.IsZero() || !e.firstEnd(*a.checkedWithin, checked, &r.doc.clock).After(e.now) {
			result = never
			if f != nil {
				f.Reason = "the register " + name + " was not checked within " + a.checkedWithin.String()
			}
		}
	}
	if f != nil && !checked.IsZero() {
		f.Evidence = name + " checked " + checked.UTC().Format(time.RFC3339)
	}
	return result
}
