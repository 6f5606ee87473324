package app

import (
	"context"
	"encoding/json"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// PutTemplates stores templates from a JSON object that holds them by name. The
// development server stores its samples by it.
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
