// SPDX-License-Identifier: Apache-2.0

// Package smshttp sends text messages through a vendor that implements the vendor
// API (package vendorapi, noun "messages"). Such a vendor is a bank's own SMS
// gateway, or a small service in front of an aggregator.
package smshttp

import (
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "sms/http"

// Config is the configuration that the operator writes.
type Config struct {
	vendorapi.Config `yaml:",inline"`
	// From is the sender's name or number that the customer sees. Empty: the
	// vendor chooses it.
	From string `yaml:"from" validate:"max=32"`
	// Templates makes the adapter send the template's name and params in addition
	// to the text. Some vendors need them to find the approved template.
	Templates bool `yaml:"templates"`
}

// Factory returns the factory of the adapter. Its Config returns a *Config.
func Factory() adapter.Factory {
	return adapter.Factory{
		Name:         Name,
		Channel:      touch.SMS,
		Config:       func() any { return &Config{Config: vendorapi.Defaults()} },
		Capabilities: func(c any) adapter.Capabilities { return c.(*Config).Capabilities() },
		New: func(c any, o adapter.Options) (adapter.Adapter, error) {
			cfg := c.(*Config)
			return vendorapi.New(vendorapi.Messages, cfg.Config, o, cfg.message)
		},
	}
}

// message returns the vendor API's message for a dispatch. It appends a link to the
// text, because SMS has no field for it.
func (c *Config) message(d adapter.Dispatch) vendorapi.Message {
	m := vendorapi.Message{ID: d.ID, To: d.Address, From: c.From, Text: d.Content.Body, Resend: d.Resend, ExpiresAt: instant(d.ExpiresAt)}
	if d.Content.Link != "" {
		m.Text += " " + d.Content.Link
	}
	if c.Templates {
		m.Template, m.Params = d.Template, d.Params
	}
	return m
}

// instant returns nil for the zero time, so that JSON omits it.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
