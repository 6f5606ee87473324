package sqlstore

import (
	"context"
	"time"
)

// Acquire implements ledger.Leases.
func (s leaseStore) Acquire(ctx context.Context, name, holder string, now, until time.Time) (held bool, err error) {
	err = s.update(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until <= $4`, name, holder, micros(until), micros(now))
		held = n == 1
		return err
	})
	return held, err
}
