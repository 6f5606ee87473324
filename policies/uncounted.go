package policies

import (
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// uncounted takes the contacts that it matches out of every count, and out of
// every cap: notices required by law, for example.
type uncounted struct{}

func readUncounted(c *compiler, n *yaml.Node, r *rule) demand {
	if !c.bool(n) {
		c.fault(n, "", "uncounted is true or absent")
	}
	c.set.hidden = append(c.set.hidden, r)
	return uncounted{}
}

func (uncounted) holds(e *evaluation, _ *rule, _ *touch.Finding) time.Time { return e.t }

// takenOut names the rule that takes the contact out of every count, if any.
func (e *evaluation) takenOut() *rule {
	for _, r := range e.set.hidden {
		if !r.shadow && r.pairs().has(e.pair) && e.applies(r) && (r.unless == nil || e.judge(r.unless) == no) && e.waived(r) == nil {
			return r
		}
	}
	return nil
}

// uncounted is takenOut for a cap: what is not counted is not held by it either.
func (e *evaluation) uncounted(r *rule) *rule {
	if _, isCap := r.demand.(*limits); !isCap {
		return nil
	}
	return e.takenOut()
}
