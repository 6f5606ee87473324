package ruleset

import (
	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// countNames are the values of "count".
var countNames = map[string]contactlog.Kind{
	"attempts":      contactlog.Attempt,
	"delivered":     contactlog.Delivered,
	"connected":     contactlog.Connected,
	"conversations": contactlog.Conversation,
}

func readCap(c *ruleReader, n *yaml.Node, r *rule) check {
	f := c.fields(n, "limit", "per", "limits", "by", "of", "count", "start")
	cp := &capRule{}
	r.cap = cp
	cp.by = c.keys(f["by"], "customer", "subject", "campaign", "address", "caller", "template", "channel", "method",
		"category", "other_channels", "other_methods")
	cp.limits = c.limits(n, f)
	cp.kind = c.countKind(f["count"])
	cp.ranked = c.ranked(f["start"], r)

	cp.counted = r.scopes()
	if f["of"] != nil {
		cp.counted = cond.ScopesOf(c.contacts(f["of"]))
	}
	if !cp.selectByScope() {
		c.fault(n, "say which: of: {categories: [marketing], channels: [sms, push]}", "the condition does not tell which contacts are counted")
	}
	return cp
}

// limits reads either limit and per, or a list of limits.
func (c *ruleReader) limits(n *yaml.Node, f map[string]*yaml.Node) []limit {
	var all []limit
	switch {
	case f["limits"] == nil:
		all = append(all, c.limit(n, f["limit"], f["per"]))
	case f["limit"] == nil && f["per"] == nil:
		for _, item := range c.items(f["limits"], "limits") {
			g := c.fields(item, "limit", "per")
			all = append(all, c.limit(item, g["limit"], g["per"]))
		}
	}
	if len(all) == 0 {
		c.fault(n, "such as cap: {limit: 3, per: 7d}", "a cap has limit and per, or a list of limits")
	}
	return all
}

func (c *ruleReader) limit(at, n, per *yaml.Node) limit {
	if n == nil || per == nil {
		c.fault(at, "such as {limit: 3, per: 7d}", "a cap has limit and per, or a list of limits")
		return limit{n: 1}
	}
	return limit{n: c.number(n, "the limit", 1, 100_000), per: c.span(per)}
}

func (c *ruleReader) countKind(n *yaml.Node) contactlog.Kind {
	name := c.text(n)
	if name == "" {
		return contactlog.Attempt
	}
	kind, ok := countNames[name]
	if !ok {
		c.fault(n, "", "count is one of attempts, delivered, connected, conversations")
	}
	return kind
}

func (c *ruleReader) ranked(n *yaml.Node, r *rule) bool {
	switch start := c.text(n); {
	case start == "":
		return false
	case start != "ranked":
		c.fault(n, "", "start is ranked, or absent")
		return false
	case r.decide == touch.DecisionRefuse:
		c.fault(n, "leave out else: refuse", "a touch that leaves its place to another waits, and is not refused")
	}
	return true
}

// selectByScope works out what a leg of each scope counts. It returns false if that
// is no product of categories and channels, which the log cannot select.
func (c *capRule) selectByScope() bool {
	for _, category := range touch.Categories() {
		for _, channel := range touch.Channels() {
			counted := c.narrow(category, channel)
			categories, channels, ok := counted.Factors()
			if !ok {
				return false
			}
			c.selections[cond.ScopeOf(category, channel)] = selection{none: counted == 0, categories: categories, channels: channels}
		}
	}
	return true
}

// narrow is what a leg of one category and channel counts.
func (c *capRule) narrow(category touch.Category, channel touch.Channel) cond.ScopeSet {
	same := []touch.Channel{channel}
	counted := c.counted
	if c.by.has(byCategory) {
		counted &= cond.ScopesOf([]touch.Category{category}, nil)
	}
	if c.by.has(byChannel) {
		counted &= cond.ScopesOf(nil, same)
	}
	if c.by.has(byMethod) {
		counted &= cond.ScopesOf(nil, methodChannels(channel))
	}
	if c.by.has(byOtherChannels) {
		counted &^= cond.ScopesOf(nil, same)
	}
	if c.by.has(byOtherMethods) {
		counted &^= cond.ScopesOf(nil, methodChannels(channel))
	}
	return counted
}
