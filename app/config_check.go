package app

import (
	"errors"
	"fmt"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/internal/netguard"
	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/touch"
)

// check holds the whole against the validate tags, and against the rules
// between settings.
func (l *loader) check(cfg *Config) {
	for _, f := range strictyaml.Validate(cfg) {
		l.faultAt(f.Field, "%s", f.Message)
	}
	if cfg.Role != RoleAll {
		if cfg.Ledger.Driver == "sqlite" {
			l.faultAt("role", "%s needs ledger.driver postgres: SQLite serves one process", cfg.Role)
		}
		if cfg.Redis.Mode == "embedded" {
			l.faultAt("role", "%s needs a Redis of its own (redis.mode single or cluster): "+
				"the embedded one serves one process", cfg.Role)
		}
	}
	if cfg.Redis.Mode == "single" && len(cfg.Redis.Addresses) > 1 {
		l.faultAt("redis.addresses", "mode single has one address")
	}
	if cfg.Ledger.Driver == "sqlite" && cfg.Ledger.Path == "" && cfg.Data == "" {
		l.faultAt("data", "sqlite needs ledger.path or a data folder")
	}
	if r := cfg.Retention; r.Journal != 0 && (r.Touches == 0 || r.Journal < r.Touches) {
		l.faultAt("retention.journal", "must be at least as long as retention.touches: a touch needs its history")
	}
	if _, err := validate.NewPhones(cfg.PhoneRegion); err != nil {
		l.faultAt("phone_region", "%s", touch.FaultsOf(err)[0].Message)
	}
	if _, err := netguard.New(cfg.Webhooks.Allow); err != nil {
		at := "webhooks.allow"
		var entry *netguard.EntryError
		if errors.As(err, &entry) {
			at = fmt.Sprintf("%s[%d]", at, entry.Index)
		}
		l.faultAt(at, "%v", err)
	}
	l.checkProviders(cfg)
}

// checkProviders opens the providers once, because only their adapters can check
// their settings. Opening one connects to nothing.
func (l *loader) checkProviders(cfg *Config) {
	_, err := l.registry.Open(cfg.Providers, adapter.Options{}, channels.Options{})
	for _, err := range severalErrors(err) {
		var e *touch.Error
		switch {
		case errors.As(err, &e):
			l.faultAt(e.Field, "%s", e.Message)
		case err != nil:
			l.fault(0, "providers", "%v", err)
		}
	}
}
