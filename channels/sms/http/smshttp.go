// SPDX-License-Identifier: Apache-2.0

// Package smshttp sends text messages by a vendor that speaks our generic HTTP
// contract (package vendorapi, noun "messages"): a bank's own SMS gateway, or an
// aggregator behind a few lines of its own.
package smshttp

import (
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "sms/http"

// Config is the operator's part.
type Config struct {
	vendorapi.Config `yaml:",inline"`
	// From is the sender that the customer sees.
	From string `yaml:"from" validate:"max=32"`
	// Templates sends the template's name and params beside the text, for
	// vendors that must be told which approved template it is.
	Templates bool `yaml:"templates"`
}

// Factory describes the adapter.
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

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
