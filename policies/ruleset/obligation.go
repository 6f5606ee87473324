package ruleset

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// obligation requires that the template fulfils what the rule demands of an
// allowed touch, such as a text on how to opt out. The YAML key is "duty".
type obligation struct{ names []string }

func readObligation(c *ruleReader, n *yaml.Node, r *rule) check {
	names := c.texts(n)
	if len(names) == 0 || slices.Contains(names, "") {
		c.fault(n, "", "a duty has a name, such as opt-out-text")
	}
	r.obligations = names
	return &obligation{names: names}
}

func (o *obligation) evaluate(e *evaluation, _ *rule, f *touch.Finding) answer {
	for _, name := range o.names {
		if slices.Contains(e.q.TemplateObligations, name) {
			continue
		}
		if f != nil {
			f.Reason = "the template does not fulfil the duty " + name
		}
		return never
	}
	return satisfied
}
