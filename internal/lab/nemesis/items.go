package nemesis

import (
	"context"
	"database/sql"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // so that a run can read both kinds of ledger by one query
	_ "modernc.org/sqlite"

	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/touch"
)

// items reads what our own channels took, the app's messages and the desk's
// tasks, past the code that wrote it.
func (h *house) items(ctx context.Context) (all []check.Message, err error) {
	driver, dsn := "sqlite", "file:"+h.ledgerFile()+"?mode=ro"
	if h.postgres != nil {
		driver, dsn = "pgx", h.postgres.DSN
	}
	failed := func(err error) error {
		return touch.Errorf(touch.Unavailable, "", "the items cannot be read: %w", err)
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, failed(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT id, channel, created FROM items ORDER BY created, id`)
	if err != nil {
		return nil, failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		var m check.Message
		var created int64
		if err := rows.Scan(&m.Dispatch, &m.Provider, &created); err != nil {
			return nil, failed(err)
		}
		m.At = time.UnixMicro(created)
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(err)
	}
	return all, nil
}
