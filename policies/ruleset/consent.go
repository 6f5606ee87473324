package ruleset

import (
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// Consented implements cond.Facts.
func (f *facts) Consented(scope string, age *calendar.Span, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	last := f.lastStatement(scope, time.Time{}, tr)
	value := f.holds(last, tr)
	if value == cond.True && age != nil {
		value = f.runs(age.FromOwnDay(), last.At, clock, tr)
	}
	if value == cond.True {
		if tr.Evidence = last.Evidence; tr.Evidence == "" {
			tr.Evidence = last.Scope
		}
	}
	return value
}

// Revoked implements cond.Facts.
func (f *facts) Revoked(scope string, grace *calendar.Span, ofConsent bool, clock *cond.Clock, tr *cond.Trace) cond.Tri {
	last := f.lastStatement(scope, time.Time{}, tr)
	switch {
	case last == nil || last.Granted:
		return cond.False
	case grace == nil:
		return cond.True
	}
	first, ended := f.firstRevocation(scope)
	if ofConsent && !ended {
		return cond.True // who never agreed has nothing that could go on
	}
	return f.runs(*grace, first, clock, tr).Not()
}

// firstRevocation is when the customer first revoked a scope since the last grant
// of it: a second no must not begin the grace anew. It also reports whether that
// revocation ended a consent, given before and not run out.
func (f *facts) firstRevocation(scope string) (at time.Time, endedConsent bool) {
	var grant *touch.Consent
	for i := range f.q.Customer.Consents {
		c := &f.q.Customer.Consents[i]
		if c.Granted && !c.At.After(f.now) && speaksFor(c, scope) && (grant == nil || c.At.After(grant.At)) {
			grant = c
		}
	}
	for i := range f.q.Customer.Consents {
		c := &f.q.Customer.Consents[i]
		if c.Granted || c.At.After(f.now) || !speaksFor(c, scope) || (grant != nil && c.At.Before(grant.At)) {
			continue
		}
		if at.IsZero() || c.At.Before(at) {
			at = c.At
		}
	}
	return at, grant != nil && (grant.Until == nil || at.Before(*grant.Until))
}

// consentedSince reports whether the customer has consented to one of the
// scopes after an instant: such a consent lifts a listing or a cool-down.
func (f *facts) consentedSince(scopes []string, since time.Time, tr *cond.Trace) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool {
		last := f.lastStatement(strings.TrimSuffix(f.expand(scope), ":"), since, tr)
		return f.holds(last, tr) == cond.True
	})
}

// holds reports whether a statement is a grant that has not run out.
func (f *facts) holds(c *touch.Consent, tr *cond.Trace) cond.Tri {
	if c == nil || !c.Granted {
		return cond.False
	}
	if c.Until != nil {
		if !f.now.Before(*c.Until) {
			return cond.False
		}
		tr.Note(*c.Until)
	}
	return cond.True
}

// lastStatement is the customer's last statement that speaks for scope and was
// made after the given instant (zero: ever), or nil. Of two at the same
// instant the revocation counts as the later one.
func (f *facts) lastStatement(scope string, after time.Time, tr *cond.Trace) *touch.Consent {
	if f.q.Customer == nil {
		return nil
	}
	var last *touch.Consent
	for i := range f.q.Customer.Consents {
		c := &f.q.Customer.Consents[i]
		switch {
		case !speaksFor(c, scope):
		case !after.IsZero() && !c.At.After(after):
		case c.At.After(f.now):
			tr.Note(c.At)
		case last == nil || c.At.After(last.At) || (c.At.Equal(last.At) && last.Granted):
			last = c
		}
	}
	return last
}

// speaksFor reports whether a statement says anything about a scope. A
// revocation reaches everything beneath its scope. A grant reaches the
// channels beneath it and nothing else: who agreed to marketing has not agreed
// to marketing at night.
func speaksFor(c *touch.Consent, scope string) bool {
	if !covers(c.Scope, scope) {
		return false
	}
	return !c.Granted || len(c.Scope) == len(scope) || touch.Channel(scope[len(c.Scope)+1:]).Valid()
}

// covers reports whether a scope is the other one or lies above it.
func covers(scope, other string) bool {
	return strings.HasPrefix(other, scope) && (len(other) == len(scope) || other[len(scope)] == ':')
}
