package touch

import (
	"errors"
	"fmt"
)

// ErrorClass says what kind of thing went wrong. Callers ask the class of an
// error, never its text.
type ErrorClass string

// The classes of errors. An error without a class counts as Internal.
const (
	Invalid         ErrorClass = "invalid"         // the input is wrong; the same input never succeeds
	NotFound        ErrorClass = "not_found"       // the thing named does not exist, or not for this caller
	Conflict        ErrorClass = "conflict"        // the thing exists already, or has moved on
	Unauthenticated ErrorClass = "unauthenticated" // who is asking is unknown
	Forbidden       ErrorClass = "denied"          // who is asking may not
	TooLarge        ErrorClass = "too_large"       // over a limit on size or number
	TooMany         ErrorClass = "too_many"        // more at once than one may have; try again later
	Unavailable     ErrorClass = "unavailable"     // a store does not answer; try again later
	Internal        ErrorClass = "internal"        // our fault
)

// Error is an error with a class. Message is safe to show to a caller: it
// names things and fields and never holds an address, a text or a secret.
// The cause is for logs.
type Error struct {
	Class   ErrorClass
	Field   string // JSON path of the field at fault, or ""
	Message string
	Cause   error
}

// Errorf makes an Error. A %w verb sets the cause.
func Errorf(class ErrorClass, field, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: class, Field: field, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Error implements error.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// ClassOf is the class of the first Error in err's chain, Internal when there
// is none, and "" for nil.
func ClassOf(err error) ErrorClass {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Internal
}
