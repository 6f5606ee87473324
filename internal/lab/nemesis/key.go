package nemesis

import (
	"context"

	"touchgate.dev/app"
	"touchgate.dev/gateway/access"
)

// createKey creates the callers' API key in the ledger, before a process runs:
// the API itself cannot be called without a key.
func (s *system) createKey(ctx context.Context) error {
	cfg, err := app.LoadConfig(s.configPath(s.processes[0].Name), childEnv(), app.Adapters(nil, nil))
	if err != nil {
		return err
	}
	l, err := app.OpenLedger(ctx, cfg, s.now)
	if err != nil {
		return err
	}
	defer l.Close()
	keys := access.NewKeys(access.KeyOptions{Store: l.Keys})
	s.apiKey, _, err = keys.Create(ctx, access.CommandLine, caller, []string{"submit", "read", "customers", "admin"})
	return err
}
