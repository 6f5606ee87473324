package sqlite

import (
	"context"
	"database/sql"

	"touchgate.dev/ledger/internal/sqldb"
)

// session runs each statement as soon as it is queued: that takes microseconds
// and no round trip. After the first error it runs nothing more.
type session struct {
	ctx  context.Context
	pool *pool
	tx   *sql.Tx // nil: each statement commits by itself
	// bound are the statements used so far, bound to this transaction.
	bound map[string]*sql.Stmt
	// uncached are the queries that only this transaction has prepared.
	uncached []string
	err      error
}

var _ sqldb.Session = (*session)(nil)

// Begin implements sqldb.Database. A read-only transaction sees one state at
// any isolation level. The statements do not see that ctx is cancelled:
// the driver would start a goroutine for each of them to watch for it.
func (d *database) Begin(ctx context.Context, readOnly bool) (sqldb.Session, error) {
	s := &session{ctx: context.WithoutCancel(ctx), pool: d.write, bound: map[string]*sql.Stmt{}}
	if readOnly {
		s.pool = d.read
	}
	var err error
	if s.tx, err = s.pool.db.BeginTx(s.ctx, &sql.TxOptions{ReadOnly: readOnly}); err != nil {
		return nil, err
	}
	return s, nil
}

// Autocommit implements sqldb.Database. Only reads use it.
func (d *database) Autocommit(ctx context.Context) (sqldb.Session, error) {
	return &session{ctx: context.WithoutCancel(ctx), pool: d.read, bound: map[string]*sql.Stmt{}}, nil
}

// Queue implements sqldb.Session.
func (s *session) Queue(st sqldb.Statement) {
	if s.err == nil {
		s.err = s.run(&st)
	}
}

func (s *session) run(st *sqldb.Statement) error {
	stmt, err := s.statement(st.Query)
	if err != nil {
		return err
	}
	if st.Row != nil {
		return s.query(stmt, st)
	}
	res, err := stmt.ExecContext(s.ctx, st.Args...)
	if err != nil || st.Done == nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	return st.Done(n)
}

func (s *session) query(stmt *sql.Stmt, st *sqldb.Statement) error {
	rows, err := stmt.QueryContext(s.ctx, st.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := st.Row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// statement returns the prepared statement of a query, bound to the
// transaction. A query that is new within a transaction is prepared for that
// transaction only, and cached when it is over: preparing it for the pool
// needs a connection, and the pool may have only the one that is in use here.
func (s *session) statement(query string) (*sql.Stmt, error) {
	if stmt := s.bound[query]; stmt != nil {
		return stmt, nil
	}
	stmt := s.pool.cached(query)
	var err error
	switch {
	case stmt != nil && s.tx != nil:
		stmt = s.tx.StmtContext(s.ctx, stmt)
	case stmt != nil:
	case s.tx != nil:
		s.uncached = append(s.uncached, query)
		stmt, err = s.tx.PrepareContext(s.ctx, query)
	default:
		stmt, err = s.pool.prepare(s.ctx, query)
	}
	if err == nil {
		s.bound[query] = stmt
	}
	return stmt, err
}

// Flush implements sqldb.Session.
func (s *session) Flush() error { return s.err }

// Commit implements sqldb.Session.
func (s *session) Commit() error {
	if s.err != nil {
		return s.err
	}
	if err := s.tx.Commit(); err != nil {
		return err
	}
	s.tx = nil
	s.pool.prepareAll(s.ctx, s.uncached)
	return nil
}

// Close implements sqldb.Session.
func (s *session) Close() {
	if s.tx != nil {
		_ = s.tx.Rollback() // what was not committed is undone in any case
	}
}
