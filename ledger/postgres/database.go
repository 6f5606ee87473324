package postgres

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/sqlstore"
)

// database implements sqlstore.Driver over a pool of connections.
type database struct {
	pool *pgxpool.Pool
	mu   sync.Mutex // guards ids
	ids  map[string]idBlock
}

var _ sqlstore.Driver = (*database)(nil)

func newDatabase(pool *pgxpool.Pool) *database {
	return &database{pool: pool, ids: map[string]idBlock{}}
}

// In implements sqldb.Dialect. Arrays are parameters as they are.
func (*database) In(column string, n int, _ sqldb.ColumnType) string {
	return fmt.Sprintf("%s = ANY($%d)", column, n)
}

// Array implements sqldb.Dialect.
func (*database) Array(values any) any { return values }

// ForUpdate implements sqldb.Dialect.
func (*database) ForUpdate() string { return " FOR UPDATE" }

// ForShare implements sqldb.Dialect.
func (*database) ForShare() string { return " FOR SHARE" }

// SkipLocked implements sqldb.Dialect.
func (*database) SkipLocked() string { return " FOR UPDATE SKIP LOCKED" }

// SkipLockedOf implements sqldb.Dialect.
func (*database) SkipLockedOf(table string) string {
	return " FOR UPDATE OF " + table + " SKIP LOCKED"
}

// Ping implements sqldb.Database.
func (d *database) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// Close implements sqldb.Database.
func (d *database) Close() error {
	d.pool.Close()
	return nil
}
