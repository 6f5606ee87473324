package app

import (
	"context"
	"encoding/json"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// PutTemplates stores a JSON object of templates by name, as the development
// server and the demo do with their samples.
func (a *App) PutTemplates(ctx context.Context, all []byte) error {
	var templates map[string]ledger.Template
	if err := json.Unmarshal(all, &templates); err != nil {
		return touch.Errorf(touch.Invalid, "templates", "cannot be read: %w", err)
	}
	for name, t := range templates {
		t.Name = name
		if _, err := a.services.Facts.PutTemplate(ctx, &access.Principal{Caller: "dev", Key: "dev"}, t); err != nil {
			return err
		}
	}
	return nil
}
