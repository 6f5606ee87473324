// SPDX-License-Identifier: Apache-2.0

// Package inbox is the channel of the app's message centre: it stores messages
// that the customer reads when they like. Accepted is delivered.
package inbox

import (
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/firstparty"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "inbox"

// Config is the operator's part.
type Config struct {
	// Keep is how long a message without an expiry lives; 0 is for ever.
	Keep touch.Duration `yaml:"keep" validate:"min=0"`
}

// Factory describes the adapter; its items go to store.
func Factory(store firstparty.Store) adapter.Factory {
	return adapter.Factory{
		Name:         Name,
		Channel:      touch.Inbox,
		Config:       func() any { return &Config{Keep: touch.Duration(90 * 24 * time.Hour)} },
		Capabilities: func(any) adapter.Capabilities { return firstparty.Capabilities(true) },
		New: func(c any, o adapter.Options) (adapter.Adapter, error) {
			return firstparty.Channel{Store: store, Now: o.Now, Item: c.(*Config).item}, nil
		},
	}
}

func (c *Config) item(d adapter.Dispatch, now time.Time) touch.Item {
	return touch.Item{State: touch.ItemUnread, Content: d.Content, ExpiresAt: firstparty.After(now, c.Keep)}
}
