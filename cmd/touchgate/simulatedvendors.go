package main

import (
	"crypto/rand"
	"encoding/base64"

	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/channels"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

// simulatedVendors are the vendors of the demo and of a development server: a
// simulator on loopback, and the configuration of the providers that call it.
type simulatedVendors struct {
	*simulator.Server
	// config is the list of providers as YAML, as in a configuration file.
	config string
}

// startSimulatedVendors starts the vendors: two for text messages, of which the
// second is used when the first fails, one for push, and one dialler. The
// providers of our own three channels are configured, too.
func startSimulatedVendors(address string, o simulator.Options) (*simulatedVendors, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	o.Secret = "whsec_" + base64.StdEncoding.EncodeToString(secret)
	server, err := simulator.Start(address, o)
	if err != nil {
		return nil, err
	}
	account, err := simulator.ServiceAccount(server.URL("fcm") + "/token")
	if err != nil {
		server.Close()
		return nil, err
	}
	breaker := map[string]any{"open": "3s", "window": "10s"}
	vendor := func(name, adapter string, weight int, own map[string]any) map[string]any {
		return map[string]any{
			"name": name, "adapter": adapter, "weight": weight, "timeout": "5s", "breaker": breaker, "config": own,
		}
	}
	speaks := func(name string, more map[string]any) map[string]any {
		own := map[string]any{"url": server.URL(name), "secret": o.Secret}
		for k, v := range more {
			own[k] = v
		}
		return own
	}
	text, err := yaml.Marshal([]map[string]any{
		vendor("sms-a", "sms/http", 1, speaks("sms-a", map[string]any{"from": "BANK"})),
		vendor("sms-b", "sms/http", 0, speaks("sms-b", map[string]any{"from": "BANK"})),
		vendor("fcm", "push/fcm", 1, map[string]any{
			"url": server.URL("fcm"), "credentials": account, "receipt_secret": o.Secret,
		}),
		vendor("dialler", "ai_call/http", 1, speaks("dialler", nil)),
		{"name": "inbox", "adapter": "inbox", "weight": 1},
		{"name": "popup", "adapter": "popup", "weight": 1},
		{"name": "desk", "adapter": "rm_task", "weight": 1},
	})
	if err != nil {
		server.Close()
		return nil, touch.Errorf(touch.Internal, "providers", "cannot be encoded as YAML: %w", err)
	}
	return &simulatedVendors{server, string(text)}, nil
}

// readProviders reads the providers that startSimulatedVendors wrote.
func readProviders(config string) ([]channels.ProviderConfig, error) {
	var providers []channels.ProviderConfig
	if err := yaml.Unmarshal([]byte(config), &providers); err != nil {
		return nil, touch.Errorf(touch.Internal, "providers", "cannot be read: %w", err)
	}
	return providers, nil
}
