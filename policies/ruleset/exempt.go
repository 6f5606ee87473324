package ruleset

import (
	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// exempt takes the contacts that its rule matches out of every count and out
// of every cap: notices required by law, for example. The YAML key is
// "uncounted".
type exempt struct{}

func readExempt(c *ruleReader, n *yaml.Node, r *rule) check {
	if !c.bool(n) {
		c.fault(n, "", "uncounted is true or absent")
	}
	r.lenient = true
	return exempt{}
}

func (exempt) evaluate(*evaluation, *rule, *touch.Finding) answer { return satisfied }
