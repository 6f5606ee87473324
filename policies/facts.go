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
func (e *evaluation) consented(scope string, after time.Time, age *calendar.Span) truth {
	last := e.statement(scope, after)
	if last == nil || !last.Granted {
		return no
	}
	if last.Until != nil {
		if !e.t.Before(*last.Until) {
			return no
		}
		e.note(*last.Until)
	}
	if age != nil {
		if fresh := e.lasts(*age, last.At); fresh != yes {
			return fresh
		}
	}
	if e.evidence = last.Evidence; e.evidence == "" {
		e.evidence = last.Scope
	}
	return yes
}

// revoked reports whether the last statement on scope is a revocation, made so
// long ago that it binds.
func (e *evaluation) revoked(scope string, grace *calendar.Span) truth {
	last := e.statement(scope, time.Time{})
	switch {
	case last == nil || last.Granted:
		return no
	case grace == nil:
		return yes
	}
	return e.lasts(*grace, last.At).not()
}

// span is one that the running condition names.
func (e *evaluation) span(name ref.Val) calendar.Span { return e.running.spans[word(name)] }

// lasts reports whether span, begun at from, still runs: in doubt where that
// depends on which of several zones the customer is in.
func (e *evaluation) lasts(span calendar.Span, from time.Time) truth {
	clock := &e.running.clock
	runs, over := false, false
	for _, zone := range e.zonesOf(clock.place) {
		if end := span.End(from, zone, clock.calendar); !end.IsZero() && !end.After(e.t) {
			over = true
		} else {
			runs = true
			e.note(end)
		}
	}
	switch {
	case runs && over:
		return doubt
	case runs:
		return yes
	}
	return no
}

func (e *evaluation) had(outcome string, span calendar.Span) truth {
	if e.q.Customer == nil {
		return no
	}
	answer := no
	for i := range e.q.Customer.Outcomes {
		o := &e.q.Customer.Outcomes[i]
		if o.Kind != outcome {
			continue
		}
		if o.At.After(e.t) {
			e.note(o.At)
			continue
		}
		switch e.lasts(span, o.At) {
		case yes:
			return yes
		case doubt:
			answer = doubt
		}
	}
	return answer
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
// a date, which is its beginning in the last of the zones.
func (e *evaluation) instant(name string, p *place) (time.Time, bool) {
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
			for _, zone := range e.zonesOf(p) {
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
	at, ok := e.instant(name, e.running.clock.place)
	if !ok {
		return missing(name)
	}
	if at.After(e.t) {
		e.note(at)
		return types.False
	}
	return e.lasts(span, at).value()
}

func (e *evaluation) passed(name string) ref.Val {
	at, ok := e.instant(name, e.running.clock.place)
	if !ok {
		return missing(name)
	}
	e.note(at)
	return types.Bool(!at.After(e.t))
}

func (e *evaluation) listed(list string) bool {
	for i := range e.q.Listings {
		l := &e.q.Listings[i]
		if l.List != list || l.Key == touch.RegisterKey || !e.inScope(l.Scope) {
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
