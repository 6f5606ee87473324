package ruleset

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pendingWaiver is a waiver whose rule may stand in a later document.
type pendingWaiver struct {
	waiver
	reader reader
	node   *yaml.Node
	rule   string
}

// waiver reads one waiver.
func (c *compiler) waiver(n *yaml.Node) {
	f := c.fields(n, "rule", "by", "reason", "from", "until", "when")
	w := pendingWaiver{reader: *c.reader, node: n, rule: c.text(f["rule"])}
	w.by = c.text(f["by"])
	w.when = c.condition(f["when"])
	w.from, w.until = c.period(f["from"], f["until"])
	if w.by == "" || c.text(f["reason"]) == "" || !w.until.set {
		c.fault(n, "", "a waiver names the rule (rule), who waives it (by), why (reason) and its end (until)")
	}
	if !strings.Contains(w.rule, "/") {
		w.rule = c.doc.name + "/" + w.rule
	}
	c.waivers = append(c.waivers, w)
}

// resolveWaivers attaches the waivers to their rules.
func (c *compiler) resolveWaivers() {
	for _, w := range c.waivers {
		i := slices.IndexFunc(c.set.rules, func(r *rule) bool { return r.id == w.rule })
		if i < 0 {
			w.reader.fault(w.node, "", "there is no rule %q", w.rule)
			continue
		}
		r := c.set.rules[i]
		if r.doc.mandatory {
			w.reader.fault(w.node, "", "the rule %q is part of a floor, which cannot be waived", w.rule)
			continue
		}
		r.waivers = append(r.waivers, w.waiver)
	}
}
