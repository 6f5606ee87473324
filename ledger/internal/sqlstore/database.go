package sqlstore

import "context"

// Database is one that a ledger can lie in, and what differs between such
// databases. All understand $1 for the first parameter, ON CONFLICT and
// RETURNING; they differ in arrays, locks and sequences, and in what a round
// trip costs. A Database is safe for concurrent use.
type Database interface {
	// Begin starts a transaction; one that only reads sees one unchanging state.
	Begin(ctx context.Context, readOnly bool) (Session, error)
	// Look gives a session without a transaction: each statement sees the newest state.
	Look(ctx context.Context) (Session, error)

	// In is the condition that column is among the values of the array
	// given as parameter $n; Array makes such a parameter of a slice of
	// int64, string or []byte.
	In(column string, n int, kind Kind) string
	Array(values any) any
	// Insert sends statements that write rows, given as columns. Once they have
	// run, into holds what was written.
	Insert(s Session, ins *Insert, columns []any, into *Inserted)
	// Append sends statements that add records to the journal's end, under the
	// lock of its head.
	Append(s Session, records []Record) error
	// Take draws n numbers from a sequence, rising.
	Take(s Session, sequence string, n int) ([]int64, error)

	// Lock, LockShare and LockSkip end a SELECT that locks its rows (the
	// last passes over those that others hold).
	Lock() string
	LockShare() string
	LockSkip() string
	LockSkipOf(table string) string

	// Fault tells what kind of thing went wrong.
	Fault(err error) Fault
	Ping(ctx context.Context) error
	Close() error
}

// Session runs statements in the order in which they are sent, in a
// transaction or each for itself. It is for one goroutine.
type Session interface {
	// Send runs a statement before the next Flush or Commit returns. What
	// nobody needs to know at once is sent and not flushed, and then travels
	// with what comes next; so a statement's arguments must not change.
	Send(Statement)
	// Flush waits for all that was sent and gives the first error.
	Flush() error
	// Commit flushes and makes the transaction last.
	Commit() error
	// Close gives the session up. What was not committed is undone.
	Close()
}

// Statement is one statement for a Session.
type Statement struct {
	Query string
	Args  []any
	// Row is called for each row of the answer, if there is one.
	Row func(Rows) error
	// Done is called, where Row is nil, with the number of rows changed.
	Done func(affected int64) error
}

// Rows is an answer, at one of its rows.
type Rows interface {
	Scan(dest ...any) error
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

// Insert describes statements that insert many rows. OnConflict is what
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

// Inserted is what came of an Insert. Hits tells, of one that names a Key,
// which rows were written; its maker gives it their number.
type Inserted struct {
	Affected int
	Hits     []bool
}

// Record is one record of the journal, before it has a place in the chain.
type Record struct {
	ID, At, Count, Callers int64
	Body                   []byte
	Sum                    [32]byte // the record's own hash
}
