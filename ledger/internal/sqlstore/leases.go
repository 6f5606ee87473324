package sqlstore

import (
	"context"
	"time"
)

// acquireLease also extends the lease of its holder.
const acquireLease = `INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
	WHERE leases.holder = excluded.holder OR leases.until <= $4`

// Acquire implements ledger.Leases.
func (s leaseStore) Acquire(
	ctx context.Context, name, holder string, now, until time.Time,
) (held bool, err error) {
	err = s.update(ctx, func(t *tx) error {
		n, err := t.exec(acquireLease, name, holder, micros(until), micros(now))
		held = n == 1
		return err
	})
	return held, err
}

// Release implements ledger.Leases.
func (s leaseStore) Release(ctx context.Context, name, holder string) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM leases WHERE name = $1 AND holder = $2`, name, holder)
		return err
	})
}
