package nemesis

import (
	"context"

	"touchgate.dev/app"
	"touchgate.dev/gateway"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
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
	service, err := gateway.New(gateway.Options{
		Ledger:    l,
		AppSecret: make([]byte, 32),                              // signs nothing here
		Guard:     policies.NewGuard(contactlog.NewModel(), nil), // judges nothing here
	})
	if err != nil {
		return err
	}
	s.apiKey, _, err = service.CreateKey(ctx, caller, []string{"submit", "read", "customers", "admin"})
	return err
}
