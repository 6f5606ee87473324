package sqldb

// Session runs statements in the order in which they are queued, either in one
// transaction or each by itself. It is used by one goroutine at a time.
type Session interface {
	// Queue runs a statement no later than the next Flush or Commit. A
	// statement whose result nobody needs yet is queued and not flushed: it
	// then travels to the server together with the next ones. So its
	// arguments must not change until then.
	Queue(Statement)
	// Flush waits for all queued statements and returns the first error.
	Flush() error
	// Commit flushes and commits.
	Commit() error
	// Close ends the session. A transaction that was not committed is rolled back.
	Close()
}

// Statement is one SQL statement of a Session.
type Statement struct {
	Query string
	Args  []any
	// Row is called for each row of the result. Nil: the statement returns no rows.
	Row func(Rows) error
	// Done is called with the number of changed rows, where Row is nil.
	Done func(affected int64) error
}

// Rows is a result, positioned at one of its rows.
type Rows interface {
	// Scan copies the row's columns into dest.
	Scan(dest ...any) error
}
