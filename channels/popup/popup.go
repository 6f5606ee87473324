// SPDX-License-Identifier: Apache-2.0

// Package popup is the channel of pop-ups inside the bank's app: it stores
// them, and the app fetches them by placement. Accepted is delivered: the
// pop-up is there when the customer looks.
package popup

import (
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/firstparty"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "popup"

// Config is the operator's part.
type Config struct {
	// Placement is where a pop-up is shown that does not say.
	Placement string `yaml:"placement" validate:"required,max=64"`
	// MaxShows is how often one may be shown; 0 is until dismissed.
	MaxShows int `yaml:"max_shows" validate:"min=0,max=1000"`
	// Keep is how long a pop-up without an expiry lives; 0 is for ever.
	Keep touch.Duration `yaml:"keep" validate:"min=0"`
}

// Factory describes the adapter; its items go to store.
func Factory(store firstparty.Store) adapter.Factory {
	return adapter.Factory{
		Name:    Name,
		Channel: touch.Popup,
		Config: func() any {
			return &Config{Placement: "home", MaxShows: 3, Keep: touch.Duration(7 * 24 * time.Hour)}
		},
		Capabilities: func(any) adapter.Capabilities { return firstparty.Capabilities(true) },
		New: func(c any, o adapter.Options) (adapter.Adapter, error) {
			return firstparty.Channel{Store: store, Now: o.Now, Item: c.(*Config).item}, nil
		},
	}
}

func (c *Config) item(d adapter.Dispatch, now time.Time) touch.Item {
	it := touch.Item{State: touch.ItemUnread, Content: d.Content, MaxShows: c.MaxShows, ExpiresAt: firstparty.After(now, c.Keep)}
	if it.Content.Placement == "" {
		it.Content.Placement = c.Placement
	}
	return it
}
