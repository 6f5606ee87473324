package policies

import (
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

func word(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}

func missing(fact string) ref.Val { return types.NewErr("the fact %q is missing", fact) }

// note takes down an instant at which an answer just given may change.
func (e *evaluation) note(t time.Time) {
	if t.After(e.t) && (e.change.IsZero() || t.Before(e.change)) {
		e.change = t
	}
}

// never is the zero time where it stands for an instant that does not come.
var never time.Time

// covers reports whether a statement on scope also speaks for asked: the same
// scope or one above it.
func covers(scope, asked string) bool {
	return strings.HasPrefix(asked, scope) && (len(asked) == len(scope) || asked[len(scope)] == ':')
}

// speaksFor reports whether c says anything about asked. A revocation reaches
// all that lies beneath its scope. A grant reaches the channels beneath it, and
// nothing else: who agreed to marketing has not agreed to it at night.
func speaksFor(c *touch.Consent, asked string) bool {
	if !covers(c.Scope, asked) {
		return false
	}
	return !c.Granted || len(c.Scope) == len(asked) || touch.Channel(asked[len(c.Scope)+1:]).Valid()
}

// statement is the last one that speaks for scope and was made after the
// instant given, or nil. Of two at one instant the revocation is later.
func (e *evaluation) statement(scope string, after time.Time) (last *touch.Consent) {
	if e.q.Customer == nil {
		return nil
	}
	for i := range e.q.Customer.Consents {
		c := &e.q.Customer.Consents[i]
		switch {
		case !speaksFor(c, scope) || (!after.IsZero() && !c.At.After(after)):
		case c.At.After(e.t):
			e.note(c.At)
		case last == nil || c.At.After(last.At) || (c.At.Equal(last.At) && last.Granted):
			last = c
		}
	}
	return last
}

// consented reports whether the last statement on scope made after the instant
// given is a grant that holds, and no older than age where that is set.
func (e *evaluation) consented(scope string, after time.Time, age *calendar.Span) bool {
	last := e.statement(scope, after)
	if last == nil || !last.Granted {
		return false
	}
	if last.Until != nil {
		if !e.t.Before(*last.Until) {
			return false
		}
		e.note(*last.Until)
	}
	if age != nil && !e.lasts(*age, last.At) {
		return false
	}
	if e.evidence = last.Evidence; e.evidence == "" {
		e.evidence = last.Scope
	}
	return true
}

// revoked reports whether the last statement on scope is a revocation, made so
// long ago that it binds.
func (e *evaluation) revoked(scope string, grace *calendar.Span) bool {
	last := e.statement(scope, time.Time{})
	return last != nil && !last.Granted && (grace == nil || !e.lasts(*grace, last.At))
}

// lasts reports whether span, begun at from, still runs in every zone in
// which the customer may be: the reading for what works in our favour.
func (e *evaluation) lasts(span calendar.Span, from time.Time) bool {
	for _, zone := range e.customerZones() {
		end := span.End(from, zone, nil)
		if !end.IsZero() && !end.After(e.t) {
			return false
		}
		e.note(end)
	}
	return true
}

func (e *evaluation) had(outcome string, span calendar.Span) bool {
	if e.q.Customer == nil {
		return false
	}
	for i := range e.q.Customer.Outcomes {
		o := &e.q.Customer.Outcomes[i]
		if o.Kind != outcome {
			continue
		}
		if o.At.After(e.t) {
			e.note(o.At)
		} else if e.lasts(span, o.At) {
			return true
		}
	}
	return false
}

func (e *evaluation) attribute(name string) (any, bool) {
	if e.q.Customer == nil {
		return nil, false
	}
	v, ok := e.q.Customer.Attributes[name]
	return v, ok && v != nil
}

func (e *evaluation) number(name string) ref.Val {
	v, _ := e.attribute(name)
	switch n := v.(type) {
	case float64:
		return types.Double(n)
	case int:
		return types.Double(n)
	case int64:
		return types.Double(n)
	}
	return missing(name)
}

// instant reads an attribute or preference that holds an RFC 3339 instant, or
// a date, which is its beginning in the last of the customer's zones.
func (e *evaluation) instant(name string) (time.Time, bool) {
	v, ok := e.attribute(name)
	if !ok && e.q.Customer != nil {
		v, ok = e.q.Customer.Preferences[name]
	}
	switch v := v.(type) {
	case time.Time:
		return v, ok
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, true
		}
		if d, err := calendar.ParseDay(v); err == nil {
			var last time.Time
			for _, zone := range e.customerZones() {
				if t := d.Start(zone); t.After(last) {
					last = t
				}
			}
			return last, true
		}
	}
	return time.Time{}, false
}

func (e *evaluation) within(name string, span calendar.Span) ref.Val {
	at, ok := e.instant(name)
	if !ok {
		return missing(name)
	}
	if at.After(e.t) {
		e.note(at)
		return types.False
	}
	return types.Bool(e.lasts(span, at))
}

func (e *evaluation) passed(name string) ref.Val {
	at, ok := e.instant(name)
	if !ok {
		return missing(name)
	}
	e.note(at)
	return types.Bool(!at.After(e.t))
}

func (e *evaluation) listed(list string) bool {
	for i := range e.q.Listings {
		l := &e.q.Listings[i]
		if l.List != list {
			continue
		}
		e.note(l.Since)
		if l.Until != nil {
			e.note(*l.Until)
		}
		if !l.Since.After(e.t) && (l.Until == nil || e.t.Before(*l.Until)) {
			return true
		}
	}
	return false
}
