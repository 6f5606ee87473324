// SPDX-License-Identifier: Apache-2.0

// Package sqldb is what the ledger needs of a SQL database: sessions,
// statements, rows by column name and kinds of errors. It knows no table of the
// ledger; those are in sqlstore. The drivers in ledger/sqlite and
// ledger/postgres implement Database and Session.
package sqldb

import "context"

// Database opens sessions. It is safe for concurrent use.
type Database interface {
	Dialect

	// Begin starts a transaction. A read-only transaction sees one unchanging
	// state of the database.
	Begin(ctx context.Context, readOnly bool) (Session, error)
	// Autocommit returns a session without a transaction: each statement
	// commits by itself and sees the newest state.
	Autocommit(ctx context.Context) (Session, error)

	// Insert queues the statements that write rows; columns are parallel
	// slices in the order of ins.Columns, see Insert.Values. The result is
	// filled in when the statements have run.
	Insert(s Session, ins *InsertSpec, columns []any, result *InsertResult)
	// NextIDs flushes the session and returns n new numbers of a sequence, in
	// rising order. Numbers may be skipped, but none is handed out twice.
	NextIDs(s Session, sequence string, n int) ([]int64, error)

	// ErrorKind returns what kind of failure an error of this database is.
	ErrorKind(err error) ErrorKind
	// Ping returns an error when the database does not answer.
	Ping(ctx context.Context) error
	// Close waits for the sessions in use and closes all connections.
	Close() error
}

// Dialect is the SQL in which databases differ. All of them understand $1 for
// the first parameter, ON CONFLICT and RETURNING.
type Dialect interface {
	// In returns the condition "column is one of the values in the array that
	// is parameter $n". Make that parameter with Array.
	In(column string, n int, values ColumnType) string
	// Array returns the parameter for In; values is a []int64, []string or [][]byte.
	Array(values any) any

	// ForUpdate returns the end of a SELECT that locks its rows against other
	// writers. Like the next four it is "" where one writer runs at a time.
	ForUpdate() string
	// ForShare returns the end of a SELECT that keeps its rows from changing.
	ForShare() string
	// SkipLocked is ForUpdate that passes over rows which others have locked.
	SkipLocked() string
	// SkipLockedOf is SkipLocked for the rows of one table of a join.
	SkipLockedOf(table string) string
}
