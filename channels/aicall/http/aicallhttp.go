// SPDX-License-Identifier: Apache-2.0

// Package aicallhttp places calls by a dialler that speaks our generic HTTP
// contract (package vendorapi, noun "calls"). What came of a call arrives as a
// receipt: answered, conversation, refused, opt_out, no_answer, busy, abandoned
// or failed. The dialler is always asked for one attempt: a second call is a
// second contact, and the rules must judge it.
package aicallhttp

import (
	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "ai_call/http"

// Config is the operator's part.
type Config struct {
	vendorapi.Config `yaml:",inline"`
	// From is the number that the customer's phone shows.
	From string `yaml:"from" validate:"max=32"`
	// Script is the dialler's flow for calls without a template.
	Script string `yaml:"script" validate:"max=128"`
	// RingFor is how long the phone rings, 1 s to 2 min.
	RingFor touch.Duration `yaml:"ring_for" validate:"min=1000000000,max=120000000000"`
}

// Factory describes the adapter.
func Factory() adapter.Factory {
	return adapter.Factory{
		Name:         Name,
		Channel:      touch.AICall,
		Config:       func() any { return &Config{Config: vendorapi.Defaults(), Script: "default", RingFor: defaultRing} },
		Capabilities: func(c any) adapter.Capabilities { return c.(*Config).Capabilities() },
		New: func(c any, o adapter.Options) (adapter.Adapter, error) {
			cfg := c.(*Config)
			return vendorapi.New(vendorapi.Calls, cfg.Config, o, cfg.call)
		},
	}
}

const defaultRing = touch.Duration(30e9)

func (c *Config) call(d adapter.Dispatch) vendorapi.Call {
	call := vendorapi.Call{
		ID: d.ID, To: d.Address, From: c.From, Script: c.Script, Text: d.Content.Body, Params: d.Params,
		RingFor: int(c.RingFor.Std().Seconds()), Attempts: 1, Resend: d.Resend,
	}
	if d.Template != "" {
		call.Script = d.Template
	}
	if !d.ExpiresAt.IsZero() {
		call.ExpiresAt = &d.ExpiresAt
	}
	return call
}
