package sqlstore

import (
	"context"
	"database/sql"
)

// conn runs statements, in a transaction or (tx nil) each for itself.
type conn struct {
	ctx context.Context
	s   *Store
	db  *sql.DB
	tx  *sql.Tx
	// missing are the queries that the transaction had to prepare.
	missing []string
}

var _ Querier = (*conn)(nil)

// stmt gives the kept statement of a query, bound to the transaction. A query
// met for the first time within a transaction is prepared for that one only,
// and kept once it is over: the pool may have no second connection.
func (c *conn) stmt(query string) (*sql.Stmt, error) {
	key := preparedKey{c.db, query}
	c.s.mu.RLock()
	stmt := c.s.prepared[key]
	c.s.mu.RUnlock()
	switch {
	case stmt != nil && c.tx != nil:
		return c.tx.StmtContext(c.ctx, stmt), nil
	case stmt != nil:
		return stmt, nil
	case c.tx != nil:
		c.missing = append(c.missing, query)
		return c.tx.PrepareContext(c.ctx, query)
	}
	return c.keep(query)
}

// keep prepares a query on the pool for everybody.
func (c *conn) keep(query string) (*sql.Stmt, error) {
	stmt, err := c.db.PrepareContext(c.ctx, query)
	if err != nil {
		return nil, err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	key := preparedKey{c.db, query}
	if other := c.s.prepared[key]; other != nil {
		stmt.Close()
		return other, nil
	}
	c.s.prepared[key] = stmt
	return stmt, nil
}

// keepMissing keeps what the finished transaction had to prepare.
func (c *conn) keepMissing() {
	for _, query := range c.missing {
		if _, err := c.keep(query); err != nil {
			return // the next transaction prepares it again
		}
	}
}

// Exec implements Querier.
func (c *conn) Exec(query string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	switch {
	case c.s.dialect.Prepare():
		var stmt *sql.Stmt
		if stmt, err = c.stmt(query); err == nil {
			res, err = stmt.ExecContext(c.ctx, args...)
		}
	case c.tx != nil:
		res, err = c.tx.ExecContext(c.ctx, query, args...)
	default:
		res, err = c.db.ExecContext(c.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query implements Querier.
func (c *conn) Query(query string, args ...any) (*sql.Rows, error) {
	if c.s.dialect.Prepare() {
		stmt, err := c.stmt(query)
		if err != nil {
			return nil, err
		}
		return stmt.QueryContext(c.ctx, args...)
	}
	if c.tx != nil {
		return c.tx.QueryContext(c.ctx, query, args...)
	}
	return c.db.QueryContext(c.ctx, query, args...)
}

// Prepared implements Querier.
func (c *conn) Prepared(query string) (*sql.Stmt, context.Context, error) {
	stmt, err := c.stmt(query)
	return stmt, c.ctx, err
}

// each calls scan for every row.
func (c *conn) each(scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := c.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one reads the first row into dest; ok is false when there is none.
func (c *conn) one(dest []any, query string, args ...any) (ok bool, err error) {
	err = c.each(func(r *sql.Rows) error {
		if ok {
			return nil
		}
		ok = true
		return r.Scan(dest...)
	}, query, args...)
	return ok && err == nil, err
}

func (c *conn) in(column string, n int, kind Kind) string { return c.s.dialect.In(column, n, kind) }

func (c *conn) array(values any) any { return c.s.dialect.Array(values) }

// insert writes rows, given as columns.
func (c *conn) insert(ins *Insert, rows int, columns ...any) error {
	if rows == 0 {
		return nil
	}
	n, _, err := c.s.dialect.Insert(c, ins, rows, columns)
	if err == nil && ins.Must && n != rows {
		return errRaced
	}
	return err
}

// insertHits writes rows and tells which were written.
func (c *conn) insertHits(ins *Insert, rows int, columns ...any) (hits []bool, err error) {
	if rows == 0 {
		return nil, nil
	}
	_, hits, err = c.s.dialect.Insert(c, ins, rows, columns)
	return hits, err
}

// take draws n numbers from a sequence.
func (c *conn) take(sequence string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	return c.s.dialect.Take(c, sequence, n)
}

// takeOne draws one number.
func (c *conn) takeOne(sequence string) (int64, error) {
	ns, err := c.take(sequence, 1)
	if err != nil {
		return 0, err
	}
	return ns[0], nil
}

// tx is a conn that changes the ledger: it gathers events and counts, which
// finish writes as its last steps.
type tx struct {
	conn
	journal recorder
	counts  map[countKey]int64
}

func (t *tx) finish() error {
	if err := t.writeCounts(); err != nil {
		return err
	}
	return t.writeJournal()
}
