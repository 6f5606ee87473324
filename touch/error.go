package touch

import (
	"errors"
	"fmt"
)

// ErrorClass is the kind of an error. Code decides by the class and never by the
// text: the HTTP API turns NotFound into the status 404, and a worker tries again
// after Unavailable.
type ErrorClass string

// The classes of errors. An error without a class counts as Internal.
const (
	Invalid         ErrorClass = "invalid"         // the input is wrong; the same input never succeeds
	NotFound        ErrorClass = "not_found"       // the thing does not exist, or this caller may not see it
	Conflict        ErrorClass = "conflict"        // the thing exists already, or has changed since it was read
	Unauthenticated ErrorClass = "unauthenticated" // the caller did not prove who it is
	Forbidden       ErrorClass = "denied"          // the caller is known and may not do this
	TooLarge        ErrorClass = "too_large"       // the input is over a limit on size or number
	TooMany         ErrorClass = "too_many"        // the caller has too much open at once; try again later
	Unavailable     ErrorClass = "unavailable"     // a store does not answer; try again later
	Internal        ErrorClass = "internal"        // a fault of the program
)

// Error is an error with a class.
type Error struct {
	Class ErrorClass
	// Field is the JSON path of the field that is wrong, for example
	// "plan[0].channel". It is "" if the error is not about a field.
	Field string
	// Message is safe to show to a caller. It never holds an address, the text
	// of a message or a secret.
	Message string
	// Cause is the error that led to this one. It may be nil.
	Cause error
}

// Errorf returns an Error. The verb %w sets the cause and puts the cause's text
// into Message, as in fmt.Errorf.
func Errorf(class ErrorClass, field, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: class, Field: field, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Error implements error. The text is "field: message", or the message alone.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Unwrap returns the cause, so that errors.Is and errors.As find it.
func (e *Error) Unwrap() error { return e.Cause }

// ClassOf returns the class of the first Error in err's chain. It returns
// Internal if there is none, and "" if err is nil.
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
