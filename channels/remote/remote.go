// SPDX-License-Identifier: Apache-2.0

// Package remote sends through a vendor that lives in its own process, in any
// language: the process implements three HTTP routes (package vendorapi, noun
// "dispatches"), is named in the configuration, and needs no Go.
// docs/adapters.md has the routes; package adaptertest proves that they are
// right.
package remote

import (
	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "remote"

// Config is the operator's part.
type Config struct {
	vendorapi.Config `yaml:",inline"`
	// Customer says that the vendor is told the customer's id; off by default,
	// since most vendors only need the address.
	Customer bool `yaml:"customer"`
	// ByCustomer says that the vendor reaches customers by that id and needs
	// no address. It implies Customer.
	ByCustomer bool `yaml:"by_customer"`
	// DeliversOnAccept says that accepted is delivered.
	DeliversOnAccept bool `yaml:"immediate"`
}

// Factory describes the adapter. It serves any channel.
func Factory() adapter.Factory {
	return adapter.Factory{
		Name:   Name,
		Config: func() any { return &Config{Config: vendorapi.Defaults()} },
		Capabilities: func(c any) adapter.Capabilities {
			cfg := c.(*Config)
			caps := cfg.Capabilities()
			caps.NeedsAddress, caps.DeliversOnAccept = !cfg.ByCustomer, cfg.DeliversOnAccept
			return caps
		},
		New: func(c any, o adapter.Options) (adapter.Adapter, error) {
			cfg := c.(*Config)
			return vendorapi.New(vendorapi.Dispatches, cfg.Config, o, cfg.dispatch)
		},
	}
}

func (c *Config) dispatch(d adapter.Dispatch) vendorapi.Dispatch {
	out := vendorapi.Dispatch{
		ID: d.ID, Channel: d.Channel, Category: d.Category, Campaign: d.Campaign, Subject: d.Subject,
		Address: d.Address, Template: d.Template, Params: d.Params, Content: d.Content,
		Assignee: d.Assignee, DueIn: touch.Duration(d.DueIn), Resend: d.Resend,
	}
	if c.Customer || c.ByCustomer {
		out.Customer = d.Customer
	}
	if !d.ExpiresAt.IsZero() {
		out.ExpiresAt = &d.ExpiresAt
	}
	return out
}
