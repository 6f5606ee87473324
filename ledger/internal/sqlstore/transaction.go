package sqlstore

import (
	"context"
	"errors"

	"touchgate.dev/ledger/internal/sqldb"
)

// tx is a conn whose transaction changes the ledger. It collects events and
// counts; commit writes them as its last steps.
type tx struct {
	conn
	journal recorder
	counts  map[countKey]int64
}

// commit writes the rows for which all transactions compete (the counts and
// the head of the journal) together with the commit, so that they are locked
// as briefly as possible.
func (t *tx) commit() error {
	t.writeCounts()
	if err := t.writeJournal(); err != nil {
		return err
	}
	return t.Commit()
}

// maxAttempts bounds how often a transaction runs that conflicts with others.
const maxAttempts = 10

// update runs fn in a transaction, and then writes the counts and events that
// fn collected. When the transaction conflicts with another one it is rolled
// back and fn runs again, so fn must not keep anything from an earlier run.
func (s *core) update(ctx context.Context, fn func(*tx) error) error {
	var err error
	for range maxAttempts {
		if err = s.updateOnce(ctx, fn); err == nil {
			return nil
		}
		if !errors.Is(err, errConflict) && s.db.ErrorKind(err) != sqldb.KindConflict {
			break
		}
	}
	return s.classify(err)
}

func (s *core) updateOnce(ctx context.Context, fn func(*tx) error) error {
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
func (s *core) query(ctx context.Context, fn func(*conn) error) error {
	return s.read(ctx, fn, s.db.Autocommit)
}

// readTx runs fn in a read-only transaction: all statements see the same state.
func (s *core) readTx(ctx context.Context, fn func(*conn) error) error {
	return s.read(ctx, fn, func(ctx context.Context) (sqldb.Session, error) { return s.db.Begin(ctx, true) })
}

func (s *core) read(
	ctx context.Context, fn func(*conn) error, open func(context.Context) (sqldb.Session, error),
) error {
	if err := ctx.Err(); err != nil {
		return s.classify(err)
	}
	session, err := open(ctx)
	if err != nil {
		return s.classify(err)
	}
	defer session.Close()
	return s.classify(fn(&conn{session, s}))
}
