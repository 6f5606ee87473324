package sqlstore

import (
	"context"

	"touchgate.dev/touch"
)

// Record implements ledger.Audit.
func (s auditStore) Record(ctx context.Context, e touch.Event) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.log([]touch.Event{e})
		return err
	})
}
