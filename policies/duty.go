package policies

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// duty demands that the template does what an allowed touch must do.
type duty struct{ names []string }

func readDuty(c *compiler, n *yaml.Node, _ *rule) demand {
	d := &duty{c.texts(n)}
	if len(d.names) == 0 || slices.Contains(d.names, "") {
		c.fault(n, "", "a duty has a name, such as opt-out-text")
	}
	return d
}

func (d *duty) holds(e *evaluation, _ *rule, f *touch.Finding) time.Time {
	for _, name := range d.names {
		if !slices.Contains(e.q.TemplateDuties, name) {
			if f != nil {
				f.Reason = "the template does not fulfil the duty " + name
			}
			return never
		}
	}
	return e.t
}
