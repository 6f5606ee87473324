package sqldb

// ErrorKind is what kind of failure an error of a database is.
type ErrorKind int

// The kinds of failures.
const (
	KindOther       ErrorKind = iota
	KindUnavailable           // the database does not answer: try again later
	KindConflict              // another transaction was first: run the transaction again
	KindInvalidText           // a text value cannot be stored
)
