package ruleset

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/cond"
)

// ruleReader reads the parts of rules that every kind needs.
type ruleReader struct {
	*reader
	conditions *cond.Compiler
	doc        *document // that is being read
}

// span reads a span in the document's weeks.
func (c *ruleReader) span(n *yaml.Node) calendar.Span { return c.reader.span(n, c.doc.clock.WeekStart) }

// optionalSpan reads a span that may be absent.
func (c *ruleReader) optionalSpan(n *yaml.Node) *calendar.Span {
	if n == nil {
		return nil
	}
	span := c.span(n)
	return &span
}

// condition reads a CEL expression.
func (c *ruleReader) condition(n *yaml.Node) *cond.Condition {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		c.text(n) // reports the fault
		return nil
	}
	condition, problems := c.conditions.Compile(strings.TrimSpace(c.text(n)), c.doc.clock)
	for _, p := range problems {
		at := *n
		if at.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			at.Line++ // the text begins on the line after its key
		}
		at.Line += p.Line
		c.fault(&at, p.Hint, "%s", p.Message)
	}
	return condition
}

// presumption reads "presumption: true" or a sign-off.
func (c *ruleReader) presumption(n *yaml.Node) *override {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		if !c.bool(n) {
			return nil
		}
		return &override{}
	}
	f := c.fields(n, "signed_by", "on", "reason", "until")
	o := &override{by: c.text(f["signed_by"]), reason: c.text(f["reason"]), until: c.dateOrInstant(f["until"])}
	if o.by == "" || o.reason == "" || f["on"] == nil {
		c.fault(n, "", "a sign-off names who signed (signed_by), when (on) and why (reason)")
	}
	c.dateOrInstant(f["on"])
	return o
}
