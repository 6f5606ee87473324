package ruleset

import (
	"cmp"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// maxSteps is how many instants are tried before the answer is "never": far
// more than the openings that lie within the horizon.
const maxSteps = 10_000

// evaluator evaluates one rule at the present instant: evalRule itself, or
// capQuestions.evalRule, which leaves caps to the contact log.
type evaluator func(r *rule, f *touch.Finding) answer

// Evaluate evaluates every rule for q. It is pure: the same question, log and
// set give the same verdict. Every rule that applies leaves a finding, and the
// strictest decision wins. A deferral names the first instant at which all
// rules are satisfied together if nothing else happens. If there is no such
// instant, or none is found, the decision is a refusal; see search. A log that is not Known
// blocks every cap for a minute.
func (s *Set) Evaluate(q Question, log contactlog.Snapshot) touch.Verdict {
	e := s.begin(&q, log)
	defer e.end()
	v := e.verdict(e.evalRule)
	if v.Decision == touch.DecisionDefer {
		e.setJointInstant(&v, e.evalRule)
	}
	return v
}

// verdict evaluates all rules at the present instant. The joint instant of a
// deferral is not worked out.
func (e *evaluation) verdict(eval evaluator) touch.Verdict {
	v := touch.Verdict{Decision: touch.DecisionAllow, Channel: e.leg.Channel, At: e.q.Now, Policy: e.set.hash}
	if e.q.Customer != nil {
		v.Customer = e.q.Customer.Version
	}
	if e.scope < 0 {
		return refuseUnknownWords(v)
	}

	rules := e.rules()
	findings := make([]touch.Finding, len(rules))
	n := 0
	for _, r := range rules {
		f := &findings[n]
		a := eval(r, f)
		if f.Decision == "" { // the rule does not apply: the next one uses f
			*f = touch.Finding{}
			continue
		}
		n++
		f.Rule = r.id
		f.Kind = cmp.Or(f.Kind, r.kind)
		f.Shadow = r.shadow
		if f.Decision == touch.DecisionAllow {
			if len(r.obligations) > 0 && !r.shadow && !f.Excused {
				v.Obligations = append(v.Obligations, r.obligations...)
			}
			continue
		}
		e.denied(r, f, a)
		if !r.shadow && touch.Stricter(v.Decision, f.Decision) != v.Decision {
			v.Decision = f.Decision
			v.Rule = f.Rule
			v.Kind = f.Kind
		}
	}
	v.Findings = findings[:n]
	return v
}

// refuseUnknownWords is the verdict on a touch whose category or channel does
// not exist.
func refuseUnknownWords(v touch.Verdict) touch.Verdict {
	v.Decision = touch.DecisionRefuse
	v.Rule = ruleSetName + "/words"
	v.Kind = "require"
	v.Findings = []touch.Finding{{
		Rule: v.Rule, Kind: v.Kind, Decision: v.Decision, Reason: "the category or channel is unknown",
	}}
	return v
}

// denied completes the finding of a rule that is not satisfied.
func (e *evaluation) denied(r *rule, f *touch.Finding, a answer) {
	f.Until = e.firstAllowed(r, a)
	if f.Until.IsZero() {
		f.Decision = touch.DecisionRefuse
	}
	if r.presumption != nil {
		f.Reason += " (a presumption: a named sign-off may set it aside)"
	}
}

// firstAllowed is the first instant at which one rule alone is satisfied,
// given its answer now; zero if there is none that the search finds. It returns
// the evaluation to now.
func (e *evaluation) firstAllowed(r *rule, a answer) time.Time {
	defer e.at(e.q.Now)
	search := e.newSearch()
	for range maxSteps {
		t := a.retryAt
		if t.IsZero() || search.tooFar(e.now, t) {
			return time.Time{}
		}
		e.at(t)
		if a = e.evalRule(r, nil); a.ok {
			return t
		}
	}
	return time.Time{}
}

// search is how far ahead an instant is searched for. Weekly hours that never
// meet would be tried for ever, so the search ends at the horizon. But a rule may
// name an instant that is far away (a cool-down of two years): the horizon counts
// from there on, and the deferral stays one however long it is.
type search struct{ limit time.Time }

// longWait is longer than any wait for hours to open, or for a month to end.
const longWait = 70 * 24 * time.Hour

func (e *evaluation) newSearch() search { return search{limit: e.q.Now.Add(calendar.Horizon)} }

// tooFar reports whether the step from one instant to the next leads out of the
// search. Years of five digits cannot be written.
func (s *search) tooFar(from, to time.Time) bool {
	if to.UTC().Year() > 9999 {
		return true
	}
	if to.Sub(from) > longWait {
		s.limit = later(s.limit, to.Add(calendar.Horizon))
	}
	return to.After(s.limit)
}

// setJointInstant sets the verdict's Until to the first instant at which all
// rules are satisfied together, or turns the verdict into a refusal. Each rule
// names an instant before which it is surely not satisfied. The latest of
// these is a lower bound: go there and ask again, until no rule objects.
func (e *evaluation) setJointInstant(v *touch.Verdict, eval evaluator) {
	defer e.at(e.q.Now)
	search := e.newSearch()
	t := e.q.Now
	for range maxSteps {
		e.at(t)
		latest := t
		for _, r := range e.rules() {
			if r.shadow {
				continue
			}
			a := eval(r, nil)
			if a.isNever() || (!a.ok && search.tooFar(t, a.retryAt)) {
				v.Decision = touch.DecisionRefuse
				v.Rule = r.id
				v.Kind = r.kind
				return
			}
			if !a.ok {
				latest = later(latest, a.retryAt)
			}
		}
		if latest.Equal(t) {
			v.Until = t
			return
		}
		t = latest
	}
	v.Decision = touch.DecisionRefuse
}
