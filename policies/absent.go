package policies

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// absent demands that customer and address are on none of some lists.
type absent struct {
	lists   []string
	grace   *calendar.Span
	checked *calendar.Span
	lifted  []string // scopes: consent given after the listing lifts it
}

var placeholders = []string{"{subject}", "{channel}", "{category}", "{campaign}", "{caller}"}

func readAbsent(c *compiler, n *yaml.Node, r *rule) demand {
	a := &absent{}
	r.kind = "list"
	lists := n
	if n.Kind == yaml.MappingNode {
		f := c.fields(n, "lists", "grace", "checked_within", "lifted_by")
		a.lifted = c.texts(f["lifted_by"])
		if lists = f["lists"]; lists == nil {
			c.fault(n, "", "absent_from names its lists")
			return a
		}
		for key, to := range map[string]**calendar.Span{"grace": &a.grace, "checked_within": &a.checked} {
			if f[key] != nil {
				s := c.span(f[key], c.doc)
				*to = &s
			}
		}
	}
	a.lists = c.texts(lists)
	if len(a.lists) == 0 {
		c.fault(n, "", "absent_from names its lists")
	}
	for _, name := range a.lists {
		bare := name
		for _, p := range placeholders {
			bare = strings.ReplaceAll(bare, p, "x")
		}
		if bare == "" || len(name) > 64 || strings.ContainsAny(bare, "{} \t") {
			c.fault(lists, "placeholders are "+strings.Join(placeholders, " "), "%q is not the name of a list", name)
		}
	}
	return a
}

// inScope reports whether a listing's scope covers the touch: "" is
// everything, else a category, a channel or "category:channel".
func (e *evaluation) inScope(scope string) bool {
	if scope == "" {
		return true
	}
	category, channel := string(e.q.Touch.Category), string(e.leg.Channel)
	return scope == category || scope == channel || scope == category+":"+channel
}

// ownDocument holds the rules that no document needs to state.
const ownDocument = "touchgate"

// suppress adds the rule that every set has.
func (s *Set) suppress() {
	doc := &document{name: ownDocument, floor: true, place: s.base}
	s.rules = append(s.rules, &rule{id: ownDocument + "/suppression", kind: "list", doc: doc, decide: touch.DecisionRefuse,
		demand: &absent{lists: []string{touch.Suppression}}})
}

// expand fills the placeholders of a list's name.
func (e *evaluation) expand(name string) string {
	if !strings.Contains(name, "{") {
		return name
	}
	t := e.q.Touch
	return strings.NewReplacer("{subject}", t.Subject, "{channel}", string(e.leg.Channel), "{category}", string(t.Category),
		"{campaign}", t.Campaign, "{caller}", t.Caller).Replace(name)
}

func (a *absent) holds(e *evaluation, r *rule, f *touch.Finding) time.Time {
	next := e.t
	for _, name := range a.lists {
		name = e.expand(name)
		var checked time.Time
		for i := range e.q.Listings {
			l := &e.q.Listings[i]
			if l.List != name {
				continue
			}
			if l.CheckedAt != nil {
				checked = later(checked, *l.CheckedAt)
			}
			if l.Key == touch.RegisterKey || !e.inScope(l.Scope) {
				continue
			}
			begin := l.Since
			if a.grace != nil {
				begin = e.first(*a.grace, l.Since, r)
			}
			if begin.After(e.t) || (l.Until != nil && !e.t.Before(*l.Until)) || e.liftedAfter(a.lifted, l.Since) {
				continue
			}
			if f != nil {
				f.Reason, f.Since = "listed in "+name, l.Since
			}
			if l.Until == nil {
				next = never
			} else if !next.IsZero() {
				next = later(next, *l.Until)
			}
		}
		if a.checked != nil {
			if at, ok := e.instant("checked:"+name, r.doc.place); ok {
				checked = later(checked, at)
			}
			if checked.IsZero() || !e.first(*a.checked, checked, r).After(e.t) {
				next = never
				if f != nil {
					f.Reason = "the register " + name + " was not checked within " + a.checked.String()
				}
			}
		}
		if f != nil && !checked.IsZero() {
			f.Evidence = name + " checked " + checked.UTC().Format(time.RFC3339)
		}
	}
	return next
}
