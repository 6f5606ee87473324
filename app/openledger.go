package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/postgres"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/touch"
)

// postgresWriters is how many group commits run at once: while one waits for
// PostgreSQL's log to be on disk, the others keep the server busy.
const postgresWriters = 4

// OpenLedger opens the driver that the configuration names, with group commit.
// It makes the file or the schema if there is none.
func OpenLedger(ctx context.Context, cfg *Config, now func() time.Time) (*ledger.Ledger, error) {
	if cfg.Ledger.Driver == "postgres" {
		l, err := postgres.Open(ctx, cfg.Ledger.DSN.Reveal(), postgres.Options{Now: now})
		if err != nil {
			return nil, err
		}
		return ledger.GroupCommit(l, postgresWriters), nil
	}
	path := sqlitePath(cfg)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "data", "cannot make the data folder: %w", err)
	}
	if err := privateSQLite(path); err != nil {
		return nil, err
	}
	l, err := sqlite.Open(ctx, path, sqlite.Options{Now: now})
	if err != nil {
		return nil, err
	}
	return ledger.GroupCommit(l, 1), nil // SQLite has one writer
}

// OpenExistingLedger opens a ledger that is already there, and returns a
// *UsageError if there is none. A command that reads a ledger by the wrong
// configuration must not report that a new and empty one is sound.
func OpenExistingLedger(ctx context.Context, cfg *Config, now func() time.Time) (*ledger.Ledger, error) {
	if path := sqlitePath(cfg); cfg.Ledger.Driver != "postgres" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, UsageErrorf("there is no ledger at %s: "+
				"name the configuration by --config, or the folder by TOUCHGATE_DATA", path)
		}
	}
	return OpenLedger(ctx, cfg, now)
}

func sqlitePath(cfg *Config) string {
	if cfg.Ledger.Path != "" {
		return cfg.Ledger.Path
	}
	return filepath.Join(cfg.Data, "touchgate.db")
}
