package policies

import (
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// uncounted takes the contacts that it matches out of every count: notices
// required by law, for example.
type uncounted struct{}

func readUncounted(c *compiler, n *yaml.Node, r *rule) demand {
	if !c.bool(n) {
		c.fault(n, "", "uncounted is true or absent")
	}
	c.hidden = append(c.hidden, r)
	return uncounted{}
}

func (uncounted) holds(e *evaluation, r *rule, _ *touch.Finding) time.Time {
	if !r.shadow && (r.unless == nil || e.judge(r.unless) == no) {
		e.uncounted = true
	}
	return e.t
}
