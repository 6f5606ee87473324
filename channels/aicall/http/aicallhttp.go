// SPDX-License-Identifier: Apache-2.0

// Package aicallhttp places telephone calls through a dialler that implements the
// vendor API (package vendorapi, noun "calls"). The dialler reports the outcome of a
// call in a receipt: answered, conversation, refused, opt_out, no_answer, busy,
// abandoned or failed. The adapter always asks for one attempt. A second call is a
// second contact with the customer, so the policies must decide on it.
package aicallhttp

import (
	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "ai_call/http"

// Config is the configuration that the operator writes.
type Config struct {
	vendorapi.Config `yaml:",inline"`
	// From is the number that the customer's phone shows.
	From string `yaml:"from" validate:"max=32"`
	// Script names the dialler's script for calls without a template. The default
	// is "default".
	Script string `yaml:"script" validate:"max=128"`
	// RingFor is how long the phone rings, from 1 s to 2 min. The default is 30 s.
	RingFor touch.Duration `yaml:"ring_for" validate:"min=1000000000,max=120000000000"`
}

// Factory returns the factory of the adapter. Its Config returns a *Config.
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

// defaultRing is 30 seconds.
const defaultRing = touch.Duration(30e9)

// call returns the vendor API's call for a dispatch. The dispatch's template, if it
// has one, is the script.
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
