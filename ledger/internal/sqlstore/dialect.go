package sqlstore

import (
	"context"
	"database/sql"
)

// Dialect is what differs between databases. Both understand $1 for the first
// parameter, ON CONFLICT and RETURNING; they differ in arrays, locks and
// sequences. A Dialect is safe for concurrent use.
type Dialect interface {
	// In is the condition that column is among the values of the array
	// given as parameter $n; Array makes such a parameter of a slice of
	// int64, string or []byte.
	In(column string, n int, kind Kind) string
	Array(values any) any
	// Insert writes rows, given as columns; affected is how many of them were
	// written, and hits (nil when ins names no Key) which.
	Insert(q Querier, ins *Insert, rows int, columns []any) (affected int, hits []bool, err error)
	// Take draws n numbers from a sequence, rising.
	Take(q Querier, sequence string, n int) ([]int64, error)
	// Lock, LockShare and LockSkip end a SELECT that locks its rows (the
	// last passes over those that others hold).
	Lock() string
	LockShare() string
	LockSkip() string
	LockSkipOf(table string) string
	// Prepare reports whether statements are to be prepared and kept by us.
	Prepare() bool
	// Snapshot is the isolation of a transaction that reads one state.
	Snapshot() sql.IsolationLevel
	// Context is the one that statements run under.
	Context(ctx context.Context) context.Context
	// Fault tells what kind of thing went wrong.
	Fault(err error) Fault
}

// Kind is the type of a column.
type Kind byte

// The kinds of columns.
const (
	Int  Kind = 'i' // []int64
	Text Kind = 't' // []string
	Blob Kind = 'b' // [][]byte
)

// Fault is what kind of thing went wrong in a database.
type Fault int

// The faults.
const (
	FaultOther Fault = iota
	FaultDown        // no answer: try again later
	FaultRaced       // lost against another transaction: run it again
	FaultText        // a value that cannot be stored
)

// Insert describes a statement that inserts many rows. OnConflict is what
// follows "ON CONFLICT"; with it, Key is the integer column, given by the
// caller, that tells which rows were written.
type Insert struct {
	Table      string
	Columns    []string
	Kinds      string // a Kind for each column
	OnConflict string
	Key        string
	// Must says that a row that was not written lost a race.
	Must bool
}

// Querier runs one statement within a transaction.
type Querier interface {
	Exec(query string, args ...any) (affected int64, err error)
	Query(query string, args ...any) (*sql.Rows, error)
	// Prepared gives a statement to be run many times, and the context for it.
	Prepared(query string) (*sql.Stmt, context.Context, error)
}
