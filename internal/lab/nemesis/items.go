package nemesis

import (
	"context"
	"database/sql"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // one query reads both kinds of ledger
	_ "modernc.org/sqlite"

	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/touch"
)

// items reads what our own channels took: the app's messages and the desk's
// tasks. It reads the table itself, not through the code that wrote it.
func (s *system) items(ctx context.Context) ([]check.Message, error) {
	driver, dsn := "sqlite", "file:"+s.ledgerFile()+"?mode=ro"
	if s.postgres != nil {
		driver, dsn = "pgx", s.postgres.DSN
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, itemsError(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT id, channel, created FROM items ORDER BY created, id`)
	if err != nil {
		return nil, itemsError(err)
	}
	defer rows.Close()
	var all []check.Message
	for rows.Next() {
		var m check.Message
		var created int64
		if err := rows.Scan(&m.Dispatch, &m.Provider, &created); err != nil {
			return nil, itemsError(err)
		}
		m.At = time.UnixMicro(created)
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, itemsError(err)
	}
	return all, nil
}

func itemsError(err error) error {
	return touch.Errorf(touch.Unavailable, "", "the items cannot be read: %w", err)
}
