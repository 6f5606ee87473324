package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

type vendorConfig struct {
	URL    string `yaml:"url" validate:"required,http_url"`
	Secret string `yaml:"secret" validate:"required"`
}

func testRegistry() channels.Registry {
	return channels.NewRegistry(adapter.Factory{
		Name: "sms/test", Channel: touch.SMS,
		Config:       func() any { return &vendorConfig{} },
		Capabilities: func(any) adapter.Capabilities { return adapter.Capabilities{} },
		New:          func(any, adapter.Options) (adapter.Adapter, error) { return nil, nil },
	})
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfigLayers(t *testing.T) {
	password := write(t, "password", "from the file\n")
	vendor := write(t, "vendor", "vendor's own")
	dsn := write(t, "dsn", "postgres://env")
	path := write(t, "touchgate.yaml", `
listen: 0.0.0.0:9000
role: worker
ledger: {driver: postgres, dsn: "postgres://file"}
redis:
  mode: single
  addresses: [redis:6379]
  password_file: `+password+`
workers: {drain: 3s}
providers:
  - name: sms-a
    adapter: sms/test
    weight: 3
    config: {url: "https://vendor.example", secret_file: `+vendor+`}
`)
	cfg, err := LoadConfig(path, []string{
		"HOME=/root", "TOUCHGATE_ROLE=feeder", "TOUCHGATE_REDIS_MODE=cluster", "TOUCHGATE_REDIS_ADDRESSES=a:1, b:2",
		"TOUCHGATE_LEDGER_DSN_FILE=" + dsn, "TOUCHGATE_LIMITS_MAX_BODY=2048", "TOUCHGATE_REDIS_TLS=true",
		"TOUCHGATE_PROVIDER_SMS_A_URL=https://other.example",
	}, testRegistry())
	if err != nil {
		t.Fatal(err)
	}
	var own vendorConfig
	if err := cfg.Providers[0].Config.Decode(&own); err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"file over default":        {cfg.Listen, "0.0.0.0:9000"},
		"default":                  {cfg.Log.Level, "info"},
		"environment over file":    {cfg.Role, RoleFeeder},
		"list in the environment":  {strings.Join(cfg.Redis.Addresses, "|"), "a:1|b:2"},
		"number in environment":    {cfg.Limits.MaxBody, int64(2048)},
		"bool in environment":      {cfg.Redis.TLS, true},
		"secret by file":           {cfg.Redis.Password.Reveal(), "from the file"},
		"secret by file, by env":   {cfg.Ledger.DSN.Reveal(), "postgres://env"},
		"a provider's secret":      {own.Secret, "vendor's own"},
		"a provider's key by env":  {own.URL, "https://other.example"},
		"a duration":               {cfg.Workers.Drain.Std(), 3 * time.Second},
		"a default beside a given": {cfg.Workers.Bulk, DefaultConfig().Workers.Bulk},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestLoadConfigReportsEveryFaultAtOnce(t *testing.T) {
	path := write(t, "touchgate.yaml", `listen: nowhere
rôle: all
redis:
  mode: single
  adresses: [a:1]
workers: {urgent: many}
app_secret: short
log: {level: loud}
webhooks: {timeout: 5h}
providers:
  - {name: a, adapter: sms/test, config: {url: "not an address"}}
  - {name: a, adapter: sms/none}
`)
	_, err := LoadConfig(path, []string{"TOUCHGATE_LISTN=1", "TOUCHGATE_PROVIDER_X_Y=1", "TOUCHGATE_LOG_FORMAT=xml"}, testRegistry())
	var ce *ConfigError
	if !errors.As(err, &ce) {
		t.Fatalf("%v", err)
	}
	text := err.Error()
	for _, want := range []string{
		":1: listen: ", ":2: rôle: there is no such key", ":5: redis.adresses: there is no such key (did you mean addresses?)",
		":3: redis.addresses: is missing", ":6: ", ":7: app_secret: is below the least allowed, 32 characters",
		`:8: log.level: "loud" is not one of: debug, info, warn, error`, ":9: webhooks.timeout: is above the most allowed, 1m0s",
		"providers[0].config.url", "providers[0].config.secret", "providers[1].name", "providers[1].adapter",
		"TOUCHGATE_LISTN: there is no such setting", "TOUCHGATE_PROVIDER_X_Y", `TOUCHGATE_LOG_FORMAT: "xml"`, ":11: providers[0].config.url",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no word of %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "short") {
		t.Error("the error shows a secret")
	}
}

func TestLoadConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"broken":               {"a: [", "c.yaml:1: did not find"},
		"not a mapping":        {"- a", "not a list of keys"},
		"two documents":        {"role: all\n---\nrole: all\n", "more than one"},
		"a key twice":          {"role: all\nrole: worker\n", "role"},
		"sqlite in many":       {"role: worker\n", "SQLite serves one process"},
		"embedded in many":     {"role: gateway\n", "the embedded one serves one process"},
		"postgres, no dsn":     {"ledger: {driver: postgres}\n", "ledger.dsn: is missing"},
		"secret's file absent": {"app_secret_file: /nowhere/at/all\n", "app_secret_file: cannot read"},
		"policies nowhere":     {"policies: {dir: /nowhere/at/all}\n", "is not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadConfig(write(t, "c.yaml", c.yaml), nil, testRegistry())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	var usage *UsageError
	if _, err := LoadConfig("/nowhere/at/all", nil, testRegistry()); !errors.As(err, &usage) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestEmptyConfigIsTheDefault(t *testing.T) {
	cfg, err := LoadConfig("", nil, testRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Role != RoleAll || cfg.Ledger.Driver != "sqlite" || cfg.Redis.Mode != "embedded" {
		t.Errorf("%+v", cfg)
	}
}
