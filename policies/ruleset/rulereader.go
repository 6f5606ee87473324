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
	names      *names
	doc        *document // that is being read
}

// span reads a span in the document's weeks.
func (c *ruleReader) span(n *yaml.Node) calendar.Span {
	span := c.reader.span(n, c.doc.clock.WeekStart)
	if span.Business() {
		c.needsCalendar(n, "business days")
	}
	return span
}

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
		c.fault(lineWithin(n, p.Line), p.Hint, "%s", p.Message)
	}
	if condition != nil {
		c.readCondition(n, condition)
		if condition.CountsBusinessDays() {
			c.needsCalendar(n, "business days")
		}
	}
	return condition
}

// lineWithin is a node with the line of a part of its text.
func lineWithin(n *yaml.Node, line int) *yaml.Node {
	at := *n
	if at.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		at.Line++ // the text begins on the line after its key
	}
	at.Line += line
	return &at
}

// needsCalendar reports a word that asks for holidays where the document has
// none: every day would be a plain one.
func (c *ruleReader) needsCalendar(n *yaml.Node, word string) {
	c.doc.usesCalendar = true
	if c.doc.clock.Calendar == nil {
		c.recent(n, "name one, such as calendar: fr, or list the dates under holidays", "%s need a calendar, and this policy has none", word)
	}
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
