package sqlstore

import (
	"context"
	"errors"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// errConflict makes update roll the transaction back and run it again: another
// transaction has changed what this one had read.
var errConflict = errors.New("sqlstore: conflict with another transaction")

// classify turns an error into a *touch.Error. The text of a database's error
// stays in the cause, because it may quote values.
func (s *core) classify(err error) error {
	if err == nil {
		return nil
	}
	var known *touch.Error
	if errors.As(err, &known) {
		return err
	}
	class, message := s.classOf(err)
	return &touch.Error{Class: class, Message: message, Cause: err}
}

func (s *core) classOf(err error) (touch.ErrorClass, string) {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return touch.Unavailable, "the ledger did not answer in time"
	case errors.Is(err, errConflict):
		return touch.Unavailable, "the ledger is too busy"
	}
	switch s.db.ErrorKind(err) {
	case sqldb.KindUnavailable, sqldb.KindConflict:
		return touch.Unavailable, "the ledger does not answer"
	case sqldb.KindInvalidText:
		return touch.Invalid, "a text holds characters that cannot be stored"
	}
	return touch.Internal, "the ledger could not do this"
}

func notFound(what string) error {
	return touch.Errorf(touch.NotFound, "", "%s does not exist", what)
}

func conflict(why string) error { return &touch.Error{Class: touch.Conflict, Message: why} }
