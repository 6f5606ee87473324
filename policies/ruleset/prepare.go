package ruleset

import (
	"slices"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Prepared is a question evaluated as far as that is possible without the
// contact log.
type Prepared struct {
	// Verdict is by all rules but caps, which count as satisfied.
	Verdict touch.Verdict
	// Entry is the contact that the question is about, and Caps what its caps
	// ask of the contact log. Both are set only if the verdict allows.
	Entry contactlog.Entry
	Caps  []contactlog.Question
	// Exempt is set if the contact is in no count and under no cap.
	Exempt bool
	// NeedsLog is set if a finding depends on what the log holds: a cap in
	// shadow, or a cap beside a rule that denies.
	NeedsLog bool
}

// Prepare evaluates q without the contact log, and collects the questions that
// its caps ask. If a log was seen before, ranked caps use it to leave out
// touches ahead that have their place already.
func (s *Set) Prepare(q *Question, seen contactlog.Snapshot) Prepared {
	e := s.begin(q, seen)
	defer e.end()
	e.asked.e = e
	v := e.verdict(e.asked.evalRule)
	if v.Decision == touch.DecisionDefer && len(e.asked.questions) == 0 {
		// With caps open the instant would be half the truth.
		e.setJointInstant(&v, e.asked.evalRule)
	}

	allowed := v.Decision == touch.DecisionAllow
	p := Prepared{
		Verdict:  v,
		Exempt:   e.exemptedBy() != nil,
		NeedsLog: e.asked.shadow || (!allowed && len(e.asked.questions) > 0),
	}
	if allowed && !p.Exempt {
		p.Entry = *e.entry()
		p.Caps = slices.Clone(e.asked.questions)
	}
	return p
}

// capQuestions collects what caps ask of the contact log.
type capQuestions struct {
	e         *evaluation
	questions []contactlog.Question
	shadow    bool // a cap in shadow applies
}

func (c *capQuestions) reset() {
	c.questions = c.questions[:0]
	c.shadow = false
}

// evalRule is as evaluation.evalRule, but a cap is always satisfied: its
// questions are collected instead.
func (c *capQuestions) evalRule(r *rule, f *touch.Finding) answer {
	if r.cap == nil {
		return c.e.evalRule(r, f)
	}
	e := c.e
	e.beginRule()
	if !e.applies(r) {
		return satisfied
	}
	if f != nil {
		f.Decision = touch.DecisionAllow
	}
	if e.excused(r, f) || r.cap.nothing(e.scope) {
		return satisfied
	}
	if r.shadow {
		c.shadow = true
		return satisfied
	}
	c.questions = r.cap.ask(e, r, f, c.questions)
	return satisfied
}
