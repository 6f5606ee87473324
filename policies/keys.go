package policies

import (
	"go.yaml.in/yaml/v3"

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

var keyNames = map[string]keys{"customer": 0, "subject": bySubject, "campaign": byCampaign, "address": byAddress,
	"caller": byCaller, "template": byTemplate, "channel": byChannel, "method": byMethod, "category": byCategory,
	"other_channels": byOtherChannels, "other_methods": byOtherMethods}

func (c *compiler) keys(n *yaml.Node, allowed ...string) (k keys) {
	for _, w := range c.words(n, "key to count by", allowed) {
		k |= keyNames[w]
	}
	return k
}

// method lists the channels that reach a customer as c does: by a call, by a
// text or in the app.
func method(c touch.Channel) []touch.Channel {
	var alike []touch.Channel
	for _, channel := range channels {
		if channel.Method() == c.Method() {
			alike = append(alike, channel)
		}
	}
	return alike
}

// contacts reads "of": which contacts are counted.
func (c *compiler) contacts(n *yaml.Node) (cats []touch.Category, chans []touch.Channel) {
	f := c.fields(n, "categories", "channels")
	for _, w := range c.words(f["categories"], "category", names(categories)) {
		cats = append(cats, touch.Category(w))
	}
	for _, w := range c.words(f["channels"], "channel", names(channels)) {
		chans = append(chans, touch.Channel(w))
	}
	return cats, chans
}
