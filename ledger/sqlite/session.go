package sqlite

import (
	"context"
	"database/sql"

	"touchgate.dev/ledger/internal/sqlstore"
)

// session runs what is sent at once: a statement takes microseconds and no
// round trip. After the first error it runs nothing more.
type session struct {
	ctx  context.Context
	pool *pool
	tx   *sql.Tx // nil: each statement for itself
	// bound are the statements met so far, as this session may use them, and
	// missing those that the transaction had to prepare.
	bound   map[string]*sql.Stmt
	missing []string
	err     error
}

var _ sqlstore.Session = (*session)(nil)

// Begin implements sqlstore.Database. A transaction that reads sees one state
// at any isolation. Statements are cut off from cancelling: the driver would
// start a goroutine for each.
func (d *database) Begin(ctx context.Context, readOnly bool) (sqlstore.Session, error) {
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

// Look implements sqlstore.Database.
func (d *database) Look(ctx context.Context) (sqlstore.Session, error) {
	return &session{ctx: context.WithoutCancel(ctx), pool: d.read, bound: map[string]*sql.Stmt{}}, nil
}

// Send implements sqlstore.Session.
func (s *session) Send(st sqlstore.Statement) {
	if s.err == nil {
		s.err = s.run(&st)
	}
}

func (s *session) run(st *sqlstore.Statement) error {
	stmt, err := s.stmt(st.Query)
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

func (s *session) query(stmt *sql.Stmt, st *sqlstore.Statement) error {
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

// stmt gives the kept statement of a query, bound to the transaction. A query
// met for the first time within a transaction is prepared for that one only,
// and kept once it is over: the pool may have no second connection.
func (s *session) stmt(query string) (*sql.Stmt, error) {
	if stmt := s.bound[query]; stmt != nil {
		return stmt, nil
	}
	stmt := s.pool.kept(query)
	var err error
	switch {
	case stmt != nil && s.tx != nil:
		stmt = s.tx.StmtContext(s.ctx, stmt)
	case stmt != nil:
	case s.tx != nil:
		s.missing = append(s.missing, query)
		stmt, err = s.tx.PrepareContext(s.ctx, query)
	default:
		stmt, err = s.pool.keep(s.ctx, query)
	}
	if err == nil {
		s.bound[query] = stmt
	}
	return stmt, err
}

// Flush implements sqlstore.Session.
func (s *session) Flush() error { return s.err }

// Commit implements sqlstore.Session.
func (s *session) Commit() error {
	if s.err != nil {
		return s.err
	}
	if err := s.tx.Commit(); err != nil {
		return err
	}
	s.tx = nil
	s.pool.keepAll(s.ctx, s.missing)
	return nil
}

// Close implements sqlstore.Session.
func (s *session) Close() {
	if s.tx != nil {
		_ = s.tx.Rollback() // what was not committed is undone in any case
	}
}
