package ruleset

import (
	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// require requires that a condition holds.
type require struct{ condition *cond.Condition }

func readRequire(c *ruleReader, n *yaml.Node, r *rule) check {
	q := &require{condition: c.condition(n)}
	if q.condition != nil && q.condition.AsksForConsent() {
		r.kind = "consent"
	}
	return q
}

func (q *require) evaluate(e *evaluation, _ *rule, f *touch.Finding) answer {
	result := e.condition(q.condition)
	if result.Value == cond.True {
		if f != nil {
			f.Evidence = result.Evidence
		}
		return satisfied
	}
	if f != nil {
		f.Reason = "not met: " + q.condition.Text()
		if result.Value == cond.Unknown {
			f.Reason = "a fact is missing for: " + q.condition.Text()
		}
	}
	return never
}
