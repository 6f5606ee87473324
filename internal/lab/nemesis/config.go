package nemesis

import (
	"maps"
	"os"
	"path/filepath"

	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

// baseConfig is what the configurations of all processes have in common: a
// provider or two for each channel.
func (s *system) baseConfig() (map[string]any, error) {
	url := "http://" + s.toVendors.Addr() + "/"
	account, err := simulator.ServiceAccount(url + "fcm/token")
	if err != nil {
		return nil, err
	}
	// The settings of a vendor that speaks the generic protocol.
	settings := func(name string, more map[string]any) map[string]any {
		own := map[string]any{"url": url + name, "secret": s.vendorKey}
		maps.Copy(own, more)
		return own
	}
	vendor := func(name, adapter string, settings map[string]any) map[string]any {
		return map[string]any{
			"name": name, "adapter": adapter, "weight": 1, "timeout": vendorTimeout.String(), "config": settings,
			"breaker": map[string]any{"window": "5s", "open": "1s"},
		}
	}
	remote := func(name, channel string, more map[string]any) map[string]any {
		v := vendor(name, "remote", settings(name, more))
		v["channel"] = channel
		return v
	}
	return map[string]any{
		"data":     s.dataDir(),
		"policies": map[string]any{"dir": s.policyDir()},
		"log":      map[string]any{"level": "warn"},
		"providers": []any{
			vendor("sms", "sms/http", settings("sms", nil)),
			vendor("fcm", "push/fcm", map[string]any{"url": url + "fcm", "credentials": account, "receipt_secret": s.vendorKey}),
			// The one vendor that is not idempotent and cannot be queried.
			remote("push", "push", map[string]any{"idempotency_window": "0s", "query": false}),
			remote("mail", "inbox", map[string]any{"by_customer": true, "max_batch": 50}),
			vendor("dialler", "ai_call/http", settings("dialler", nil)),
			map[string]any{"name": "inbox", "adapter": "inbox", "weight": 1},
			map[string]any{"name": "popup", "adapter": "popup", "weight": 1},
			map[string]any{"name": "desk", "adapter": "rm_task", "weight": 1},
		},
	}, nil
}

func (s *system) writeConfig(process string, config map[string]any) error {
	text, err := yaml.Marshal(config)
	if err == nil {
		err = os.WriteFile(s.configPath(process), text, 0o600)
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "a configuration cannot be written: %w", err)
	}
	return nil
}

func (s *system) configPath(process string) string { return filepath.Join(s.o.Dir, process+".yaml") }

func (s *system) policyDir() string { return filepath.Join(s.o.Dir, "policies") }

// dataDir is where the one process keeps its data when everything is embedded.
func (s *system) dataDir() string { return filepath.Join(s.o.Dir, "data") }

// ledgerFile is the SQLite ledger of that process.
func (s *system) ledgerFile() string { return filepath.Join(s.dataDir(), "touchgate.db") }
