package ruleset

import (
	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// rule is one line of a document, compiled.
type rule struct {
	id   string
	kind string // as findings name it
	doc  *document
	line int // in the document's file

	when        *cond.Condition // nil: always
	unless      *cond.Condition // nil: never excused
	from, until dateOrInstant
	decide      touch.Decision // if the rule is not satisfied
	shadow      bool           // recorded, not enforced
	presumption *override      // nil: the rule is no presumption
	waivers     []waiver

	check check
	// cap is set for caps, and is the check itself: an exempt contact is free
	// of caps, and a guard leaves them to the contact log.
	cap capAsker
	// lenient is set for rules in the sender's favour: a condition that is
	// unknown does not make them apply.
	lenient bool
	// obligations are what an allowed touch must fulfil.
	obligations []string
}

// check is what a rule requires; each kind of rule has its own type.
type check interface {
	// evaluate says whether the requirement is met at the present instant of
	// e, and if not, when to ask again. It notes in e's trace when the answer
	// may change by itself, and writes what it saw into f unless f is nil.
	evaluate(e *evaluation, r *rule, f *touch.Finding) answer
}

// capAsker is a cap as the collector of its questions sees it.
type capAsker interface {
	// nothing reports whether a leg of the scope counts no contacts at all.
	nothing(scope int) bool
	// ask appends what the cap asks of the contact log.
	ask(e *evaluation, r *rule, f *touch.Finding, asked []contactlog.Question) []contactlog.Question
}

// override is a named person's decision to set a presumption aside.
type override struct {
	by     string // "" until somebody has signed
	reason string
	until  dateOrInstant
}

// waiver sets a rule aside for a time.
type waiver struct {
	by          string
	from, until dateOrInstant
	when        *cond.Condition // nil: always
}

// scopes is where the rule may apply.
func (r *rule) scopes() cond.ScopeSet {
	if r.when == nil {
		return cond.AllScopes
	}
	return r.when.May()
}

// always reports whether the rule binds a scope whatever the facts and the
// date are.
func (r *rule) always(scope int) bool {
	return (r.when == nil || r.when.Must().Has(scope)) &&
		r.unless == nil && r.presumption == nil && !r.shadow &&
		!r.from.set && !r.until.set && len(r.waivers) == 0
}
