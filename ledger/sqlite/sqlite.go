// SPDX-License-Identifier: Apache-2.0

// Package sqlite is the embedded ledger, in one file: the default for a single
// process. One connection writes, others read beside it.
package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

// Options are the parts that a caller may replace. The zero value has defaults.
type Options struct {
	Now func() time.Time // tells the time; nil is time.Now
}

// readers bounds the connections that read beside the writer.
const readers = 4

// Open opens the ledger in the file at path, creates the file if it does not
// exist, and migrates it to the newest schema. Several processes may open one
// file; their writing transactions then wait for each other. Class Unavailable:
// the file cannot be opened.
func Open(ctx context.Context, path string, o Options) (*ledger.Ledger, error) {
	write, err := open(path, "immediate", writeCache)
	if err != nil {
		return nil, unavailable(err)
	}
	// SQLite runs one writing transaction at a time. With one connection the
	// others wait here, in order, and not in SQLite, which polls.
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write); err != nil {
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

// The page cache of a connection in KB, outside of Go's heap. A reader's cache
// is void as soon as the writer commits, so a large one would help it little.
const (
	writeCache = 24 << 10
	readCache  = 4 << 10
)

// open returns connections to the file; lock says when a transaction locks it.
func open(path, lock string, cache int) (*sql.DB, error) {
	pragmas := []string{
		"busy_timeout(10000)",
		"synchronous(FULL)",
		// Many transactions write the same page of an index. A checkpoint every
		// 64 MB (16,384 pages) copies it once for all of them.
		"wal_autocheckpoint(16384)",
		fmt.Sprintf("cache_size(-%d)", cache),
		"temp_store(MEMORY)",
	}
	q := url.Values{"_txlock": {lock}, "_pragma": pragmas}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the ledger's file cannot be opened", Cause: err}
}
