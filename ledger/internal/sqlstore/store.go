// SPDX-License-Identifier: Apache-2.0

// Package sqlstore is the ledger over SQL: everything that the SQLite and the
// PostgreSQL drivers have in common, which is all but a Database.
//
// How it is laid out, so that a touch costs few rows: a touch is one row of
// touches, written once. Its row of progress appears with its first move;
// until then it stands as it was accepted. Timers are kept in groups: a row of
// waits holds the numbers of up to touch.MaxBatch touches that wait in one
// lane for the same instant. A touch names the wait that it is in, and that
// name alone says whether a place in a wait counts: places of touches that
// have left are skipped when the wait is met. A wait ends in a segment, and
// with it. Events are one row of the journal for each transaction.
//
// Rows are locked in this order: control, segments, campaigns, waits, touches,
// progress (by number), customers (by id), counts, the journal's head.
package sqlstore

import (
	"context"
	"errors"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Store is a ledger over a database. Make it with New.
type Store struct {
	db        Driver
	now       func() time.Time
	campaigns campaignNumbers
}

// New makes a ledger over a migrated database, which it owns; now nil is time.Now.
func New(db Driver, now func() time.Time) *ledger.Ledger {
	if now == nil {
		now = time.Now
	}
	s := &Store{db: db, now: now}
	return &ledger.Ledger{
		Intake:        s,
		Work:          s,
		Recovery:      s,
		Receipts:      s,
		Touches:       s,
		Contacts:      s,
		Campaigns:     s,
		Events:        s,
		Customers:     s,
		Listings:      s,
		Templates:     s,
		Items:         s,
		Keys:          s,
		Controls:      s,
		PolicySets:    s,
		PolicyChanges: s,
		Leases:        s,
		Journal:       s,
		Subscriptions: s,
		DeadLetters:   s,
		Retention:     s,
		Store:         s,
	}
}

// Ping implements ledger.Store.
func (s *Store) Ping(ctx context.Context) error { return s.fault(s.db.Ping(ctx)) }

// Close implements ledger.Store.
func (s *Store) Close() error { return s.fault(s.db.Close()) }

// errConflict rolls a transaction back and runs it again: another one got in between.
var errConflict = errors.New("sqlstore: conflict with another transaction")

// attempts bounds how often a transaction that lost a race runs again.
const attempts = 10

// update runs fn in a transaction and then writes the counts and events it
// gathered. It runs fn again when the database could not order it among others,
// so fn must not keep anything from an earlier run.
func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	var err error
	for range attempts {
		if err = s.updateOnce(ctx, fn); err == nil {
			return nil
		}
		if !errors.Is(err, errConflict) && s.db.ErrorKind(err) != sqldb.KindConflict {
			break
		}
	}
	return s.fault(err)
}

func (s *Store) updateOnce(ctx context.Context, fn func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	session, err := s.db.Begin(ctx, false)
	if err != nil {
		return err
	}
	defer session.Close()
	t := &tx{conn: conn{session, s}, counts: map[countKey]int64{}}
	if err := fn(t); err != nil {
		return err
	}
	return t.commit()
}

// query runs fn outside any transaction: each statement sees the newest state.
func (s *Store) query(ctx context.Context, fn func(*conn) error) error {
	return s.read(ctx, fn, s.db.Autocommit)
}

// readTx runs fn over one unchanging state.
func (s *Store) readTx(ctx context.Context, fn func(*conn) error) error {
	return s.read(ctx, fn, func(ctx context.Context) (sqldb.Session, error) { return s.db.Begin(ctx, true) })
}

func (s *Store) read(ctx context.Context, fn func(*conn) error, open func(context.Context) (sqldb.Session, error)) error {
	if err := ctx.Err(); err != nil {
		return s.fault(err)
	}
	session, err := open(ctx)
	if err != nil {
		return s.fault(err)
	}
	defer session.Close()
	return s.fault(fn(&conn{session, s}))
}

// fault gives an error its class. The text of a database's error stays in the
// cause: it may quote values.
func (s *Store) fault(err error) error {
	if err == nil {
		return nil
	}
	var known *touch.Error
	if errors.As(err, &known) {
		return err
	}
	class, message := touch.Internal, "the ledger could not do this"
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		class, message = touch.Unavailable, "the ledger did not answer in time"
	case errors.Is(err, errConflict):
		class, message = touch.Unavailable, "the ledger is too busy"
	default:
		switch s.db.ErrorKind(err) {
		case sqldb.KindUnavailable, sqldb.KindConflict:
			class, message = touch.Unavailable, "the ledger does not answer"
		case sqldb.KindInvalidText:
			class, message = touch.Invalid, "a text holds characters that cannot be stored"
		}
	}
	return &touch.Error{Class: class, Message: message, Cause: err}
}

func notFound(what string) error { return touch.Errorf(touch.NotFound, "", "%s does not exist", what) }

func conflict(why string) error { return &touch.Error{Class: touch.Conflict, Message: why} }
