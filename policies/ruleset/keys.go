package ruleset

import (
	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// keys is what a cap or a cool-down counts by, besides the customer.
type keys uint16

const (
	bySubject keys = 1 << iota
	byCampaign
	byAddress
	byCaller
	byTemplate
	byChannel
	byMethod
	byCategory
	byOtherChannels
	byOtherMethods
)

var keyNames = map[string]keys{
	"customer": 0, // every count is one customer's
	"subject":  bySubject, "campaign": byCampaign, "address": byAddress, "caller": byCaller, "template": byTemplate,
	"channel": byChannel, "method": byMethod, "category": byCategory,
	"other_channels": byOtherChannels, "other_methods": byOtherMethods,
}

func (k keys) has(key keys) bool { return k&key != 0 }

// keys reads "by".
func (c *ruleReader) keys(n *yaml.Node, allowed ...string) keys {
	var k keys
	for _, name := range c.words(n, "key to count by", allowed) {
		k |= keyNames[name]
	}
	return k
}

// contacts reads "of": which contacts are counted. An empty list means all, and
// so does the word all.
func (c *ruleReader) contacts(n *yaml.Node) (categories []touch.Category, channels []touch.Channel) {
	if n.Kind == yaml.ScalarNode && n.Value == "all" {
		return nil, nil
	}
	f := c.fields(n, "categories", "channels")
	for _, word := range c.words(f["categories"], "category", cond.Words(touch.Categories())) {
		categories = append(categories, touch.Category(word))
	}
	for _, word := range c.words(f["channels"], "channel", cond.Words(touch.Channels())) {
		channels = append(channels, touch.Channel(word))
	}
	return categories, channels
}

// methodChannels lists the channels that reach a customer in the same way as
// the given one: by a call, by a text or in the app.
func methodChannels(channel touch.Channel) []touch.Channel {
	var same []touch.Channel
	for _, other := range touch.Channels() {
		if other.Method() == channel.Method() {
			same = append(same, other)
		}
	}
	return same
}
