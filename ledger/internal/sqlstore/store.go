// SPDX-License-Identifier: Apache-2.0

// Package sqlstore is the ledger over SQL: everything that the SQLite and the
// PostgreSQL drivers have in common, which is all but a small Dialect.
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
	"database/sql"
	"errors"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Store is a ledger over two pools of one database. Make it with New.
type Store struct {
	dialect   Dialect
	write     *sql.DB
	read      *sql.DB
	now       func() time.Time
	campaigns campaignNumbers
	mu        sync.RWMutex
	prepared  map[preparedKey]*sql.Stmt
}

type preparedKey struct {
	db    *sql.DB
	query string
}

// Config is what a driver gives. Read may be the same pool as Write.
type Config struct {
	Dialect     Dialect
	Write, Read *sql.DB
	Now         func() time.Time // nil is time.Now
}

var _ ledger.Ledger = (*Store)(nil)

// New makes a store over a migrated database. The store owns the pools.
func New(c Config) *Store {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Store{dialect: c.Dialect, write: c.Write, read: c.Read, now: c.Now, prepared: map[preparedKey]*sql.Stmt{}}
}

// Ping implements ledger.Ledger.
func (s *Store) Ping(ctx context.Context) error {
	return s.fault(s.read.PingContext(ctx))
}

// Close implements ledger.Ledger.
func (s *Store) Close() error {
	s.mu.Lock()
	for _, stmt := range s.prepared {
		stmt.Close()
	}
	clear(s.prepared)
	s.mu.Unlock()
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return s.fault(err)
}

// errRaced rolls a transaction back and runs it again: another one got in between.
var errRaced = errors.New("sqlstore: raced")

// attempts bounds how often a transaction that lost a race runs again.
const attempts = 10

// change runs fn in a transaction and then writes the counts and events it
// gathered. It runs fn again when the database could not order it among others,
// so fn must not keep anything from an earlier run.
func (s *Store) change(ctx context.Context, fn func(*tx) error) error {
	var err error
	for range attempts {
		if err = s.changeOnce(ctx, fn); err == nil {
			return nil
		}
		if !errors.Is(err, errRaced) && s.dialect.Fault(err) != FaultRaced {
			break
		}
	}
	return s.fault(err)
}

func (s *Store) changeOnce(ctx context.Context, fn func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	inner := s.dialect.Context(ctx)
	sqlTx, err := s.write.BeginTx(inner, nil)
	if err != nil {
		return err
	}
	t := &tx{conn: conn{ctx: inner, s: s, db: s.write, tx: sqlTx}, counts: map[countKey]int64{}}
	err = fn(t)
	if err == nil {
		err = t.finish()
	}
	if err != nil {
		sqlTx.Rollback()
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return err
	}
	t.keepMissing()
	return nil
}

// look runs fn outside any transaction: each statement sees the newest state.
func (s *Store) look(ctx context.Context, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return s.fault(err)
	}
	return s.fault(fn(&conn{ctx: s.dialect.Context(ctx), s: s, db: s.read}))
}

// snapshot runs fn over one unchanging state.
func (s *Store) snapshot(ctx context.Context, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return s.fault(err)
	}
	inner := s.dialect.Context(ctx)
	sqlTx, err := s.read.BeginTx(inner, &sql.TxOptions{Isolation: s.dialect.Snapshot(), ReadOnly: true})
	if err != nil {
		return s.fault(err)
	}
	defer sqlTx.Rollback()
	return s.fault(fn(&conn{ctx: inner, s: s, db: s.read, tx: sqlTx}))
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
	case errors.Is(err, errRaced):
		class, message = touch.Unavailable, "the ledger is too busy"
	default:
		switch s.dialect.Fault(err) {
		case FaultDown, FaultRaced:
			class, message = touch.Unavailable, "the ledger does not answer"
		case FaultText:
			class, message = touch.Invalid, "a text holds characters that cannot be stored"
		}
	}
	return &touch.Error{Class: class, Message: message, Cause: err}
}

func notFound(what string) error { return touch.Errorf(touch.NotFound, "", "%s does not exist", what) }

func conflict(why string) error { return &touch.Error{Class: touch.Conflict, Message: why} }
