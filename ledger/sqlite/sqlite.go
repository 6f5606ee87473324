// SPDX-License-Identifier: Apache-2.0

// Package sqlite is the embedded ledger: one file, one writer, readers beside
// it. It is the default of a single process.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options are the parts that a caller may inject.
type Options struct {
	Now func() time.Time // nil is time.Now
}

// readers bounds the connections that read beside the writer.
const readers = 4

// Open opens the ledger in the file at path, makes it if it does not exist,
// and brings it to the newest form. Several processes may open one file, and
// then share a writer's turn. Class Unavailable: the file cannot be opened.
func Open(ctx context.Context, path string, o Options) (*ledger.Ledger, error) {
	write, err := open(path, "immediate", writeCache)
	if err != nil {
		return nil, unavailable(err)
	}
	// A transaction that changes the ledger is the only one; the rest waits here.
	write.SetMaxOpenConns(1)
	if err := prepare(ctx, write); err != nil {
		write.Close()
		return nil, unavailable(err)
	}
	read, err := open(path, "deferred", readCache)
	if err != nil {
		write.Close()
		return nil, unavailable(err)
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return sqlstore.New(&database{write: newPool(write), read: newPool(read)}, o.Now), nil
}

// What a connection keeps of the file, in KB, outside of Go's heap. A reader
// begins anew whenever the writer has committed, so much would help it little.
const (
	writeCache = 24 << 10
	readCache  = 4 << 10
)

func open(path, lock string, cache int) (*sql.DB, error) {
	// A page of an index is written by many transactions: moving the log over
	// every 64 MB writes it once instead of once for each.
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(10000)", "synchronous(FULL)", "wal_autocheckpoint(16384)", fmt.Sprintf("cache_size(-%d)", cache), "temp_store(MEMORY)",
	}}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
}

// prepare switches to write-ahead logging, once and before any reader is
// there, and migrates.
func prepare(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, `PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the ledger's file cannot be opened", Cause: err}
}
