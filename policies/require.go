package policies

import (
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// require demands that a condition holds.
type require struct{ met *condition }

func readRequire(c *compiler, n *yaml.Node, r *rule) demand {
	q := &require{c.condition(n)}
	if q.met != nil && q.met.consent {
		r.kind = "consent"
	}
	return q
}

func (q *require) holds(e *evaluation, _ *rule, f *touch.Finding) time.Time {
	met := e.judge(q.met)
	if met == yes {
		if f != nil {
			f.Evidence = e.evidence
		}
		return e.t
	}
	if f != nil {
		f.Reason = "not met: " + q.met.text
		if met == doubt {
			f.Reason = "a fact is missing for: " + q.met.text
		}
	}
	return never
}
