package ruleset

import (
	"maps"
	"slices"

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
	cp.kind, cp.kinds = c.countKinds(f["count"])
	cp.ranked = c.ranked(f["start"], r)

	cp.counted = r.scopes()
	if f["of"] != nil {
		cp.counted = cond.ScopesOf(c.contacts(f["of"]))
	} else if only, ok := matchOf(r.when); ok {
		cp.only = only
	} else {
		c.warn(n, "split the rule, or say with of which contacts count", "the condition is too complicated to count by: contacts of every subject, campaign, caller and template count")
	}
	only := &cp.only
	cp.narrowed = cp.kinds != nil || only.AnyOf != nil || only.Subject+only.Campaign+only.Caller+only.Template != 0
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

// countKinds reads "count": one stage for all channels, or stages by channel or
// method. A channel that is not named counts attempts, the strict side.
func (c *ruleReader) countKinds(n *yaml.Node) (contactlog.Kind, []contactlog.ChannelKind) {
	if n == nil || n.Kind != yaml.MappingNode {
		return c.countKind(n), nil
	}
	var names []string
	for group := range cond.Groups() {
		names = append(names, group)
	}
	names = append(names, channelWords...)
	slices.Sort(names)
	f := c.fields(n, names...)

	byGroup := map[touch.Channel]string{} // the group that set the kind
	kinds := map[touch.Channel]contactlog.Kind{}
	for _, group := range slices.Sorted(maps.Keys(cond.Groups())) {
		if f[group] == nil {
			continue
		}
		kind := c.countKind(f[group])
		for _, word := range cond.Groups()[group] {
			channel := touch.Channel(word)
			if other := byGroup[channel]; other != "" && kinds[channel] != kind && f[word] == nil {
				c.fault(f[group], "name "+word+" itself", "%s is counted by %s and by %s", word, other, group)
			}
			byGroup[channel] = group
			kinds[channel] = kind
		}
	}
	for _, word := range channelWords {
		if f[word] != nil {
			kinds[touch.Channel(word)] = c.countKind(f[word])
		}
	}
	var all []contactlog.ChannelKind
	for _, channel := range touch.Channels() {
		if kind := kinds[channel]; kind != contactlog.Attempt {
			all = append(all, contactlog.ChannelKind{Channel: channel, Kind: kind})
		}
	}
	return contactlog.Attempt, all
}

func (c *ruleReader) countKind(n *yaml.Node) contactlog.Kind {
	name := c.text(n)
	if name == "" {
		return contactlog.Attempt
	}
	kind, ok := countNames[name]
	if !ok {
		c.fault(n, "or by channel, such as {text: attempts, voice: conversations}", "count is one of attempts, delivered, connected, conversations")
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
