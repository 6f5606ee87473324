package ruleset

import (
	"fmt"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// evalRule evaluates one rule with everything around its requirement: dates,
// jurisdiction, condition and excuses. It fills f, unless that is nil, and
// leaves f.Decision empty if the rule does not apply.
func (e *evaluation) evalRule(r *rule, f *touch.Finding) answer {
	e.beginRule()
	if !e.applies(r) {
		return satisfied
	}
	if f != nil {
		f.Decision = touch.DecisionAllow
	}
	a := r.check.evaluate(e, r, f)
	if a.ok || e.excused(r, f) {
		return satisfied
	}
	if f != nil {
		f.Decision = r.decide
	}
	if e.trace.Uncovered != nil {
		return e.holdBack(f)
	}
	return a.atLatest(e.trace.Change)
}

// calendarRetry is how long a touch waits whose answer rests on dates that a
// calendar does not cover: somebody may add the next year meanwhile.
const calendarRetry = time.Hour

// holdBack is the answer of a rule that cannot know it, because a calendar does
// not cover the dates. The touch waits, whatever the rule's else is: with the
// calendar's next year the answer may be yes. Later instants count as satisfied,
// so that the wait has an end; the touch is judged again then.
func (e *evaluation) holdBack(f *touch.Finding) answer {
	if f != nil {
		f.Decision = touch.DecisionDefer
		f.Reason = endReason(f.Reason, e.trace.Uncovered)
	}
	return notBefore(e.q.Now.Add(calendarRetry), e.now)
}

// endReason adds to a reason that a calendar ends.
func endReason(reason string, c *calendar.Calendar) string {
	last, _ := c.Last()
	end := fmt.Sprintf("the calendar %q is known until %s only", c.Name, last)
	if reason == "" {
		return end
	}
	return reason + ": " + end
}

// applies reports whether the rule binds the leg at the present instant. An
// unknown condition binds, except if the rule is in the sender's favour.
func (e *evaluation) applies(r *rule) bool {
	zones := r.doc.clock.Zones
	if (len(r.doc.jurisdictions) > 0 && !e.binds(r.doc)) ||
		!e.inForce(r.doc.from, r.doc.until, zones, &e.trace) ||
		!e.inForce(r.from, r.until, zones, &e.trace) {
		return false
	}
	if r.when == nil {
		return true
	}
	value := e.condition(r.when).Value
	if r.lenient {
		return value == cond.True
	}
	return value != cond.False
}

// excused reports whether something sets the rule aside at the present
// instant, and writes into f what it is.
func (e *evaluation) excused(r *rule, f *touch.Finding) bool {
	evidence, ok := e.excuse(r)
	if ok && f != nil {
		f.Excused = true
		f.Evidence = evidence
	}
	return ok
}

func (e *evaluation) excuse(r *rule) (evidence string, ok bool) {
	if r.unless != nil {
		if result := e.condition(r.unless); result.Value == cond.True {
			return result.Evidence, true
		}
	}
	if p := r.presumption; p != nil && p.by != "" && e.inForce(dateOrInstant{}, p.until, r.doc.clock.Zones, &e.trace) {
		return "signed off by " + p.by, true
	}
	if w := e.waived(r); w != nil {
		return "waived by " + w.by, true
	}
	if r.cap != nil {
		if by := e.exemptedBy(); by != nil {
			return UncountedBy + by.id, true
		}
	}
	return "", false
}

// UncountedBy begins the evidence of a cap that does not bind, before the rule
// that takes the contact out of every count.
const UncountedBy = "uncounted by "

// waived is the waiver that sets the rule aside, or nil.
func (e *evaluation) waived(r *rule) *waiver {
	for i := range r.waivers {
		w := &r.waivers[i]
		if e.inForce(w.from, w.until, r.doc.clock.Zones, &e.trace) &&
			(w.when == nil || e.condition(w.when).Value == cond.True) {
			return w
		}
	}
	return nil
}

// exemptedBy is the rule that takes the leg's contact out of every count, and
// so out of every cap; nil if there is none.
func (e *evaluation) exemptedBy() *rule {
	for _, r := range e.set.exempting {
		if !r.shadow && r.scopes().Has(e.scope) && e.applies(r) &&
			(r.unless == nil || e.condition(r.unless).Value == cond.False) && e.waived(r) == nil {
			return r
		}
	}
	return nil
}
