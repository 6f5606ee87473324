package sqlstore

import "touchgate.dev/ledger/internal/sqldb"

// conn runs statements in one session of the store's database.
type conn struct {
	sqldb.Session
	core *core
}

// send queues a statement whose result nobody needs. It travels with the next
// statement that is waited for, or with the commit.
func (c *conn) send(query string, args ...any) {
	c.Queue(sqldb.Statement{Query: query, Args: args})
}

// exec runs a statement now and returns the number of rows it changed.
func (c *conn) exec(query string, args ...any) (affected int64, err error) {
	c.Queue(sqldb.Statement{Query: query, Args: args, Done: func(n int64) error {
		affected = n
		return nil
	}})
	err = c.Flush()
	return affected, err
}

// ask queues a query; scan is called for every row once it is flushed.
func (c *conn) ask(scan func(sqldb.Rows) error, query string, args ...any) {
	c.Queue(sqldb.Statement{Query: query, Args: args, Row: scan})
}

// each runs a query now and calls scan for every row.
func (c *conn) each(scan func(sqldb.Rows) error, query string, args ...any) error {
	c.ask(scan, query, args...)
	return c.Flush()
}

// one reads the first row into dest; ok is false when there is none.
func (c *conn) one(dest []any, query string, args ...any) (ok bool, err error) {
	err = c.each(func(rows sqldb.Rows) error {
		if ok {
			return nil
		}
		ok = true
		return rows.Scan(dest...)
	}, query, args...)
	return ok && err == nil, err
}

func (c *conn) in(column string, n int, values sqldb.ColumnType) string {
	return c.core.db.In(column, n, values)
}

func (c *conn) array(values any) any { return c.core.db.Array(values) }

// insert writes rows. It does not wait: an error comes with the next Flush.
func insert[R any](c *conn, ins *sqldb.Insert[R], rows []R) {
	if len(rows) == 0 {
		return
	}
	c.core.db.Insert(c, &ins.InsertSpec, ins.Values(rows), &sqldb.InsertResult{})
}

// insertAll writes rows; errConflict when one of them was not written, because
// another transaction has changed it.
func insertAll[R any](c *conn, ins *sqldb.Insert[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	var result sqldb.InsertResult
	c.core.db.Insert(c, &ins.InsertSpec, ins.Values(rows), &result)
	err := c.Flush()
	if err == nil && result.Affected != len(rows) {
		return errConflict
	}
	return err
}

// insertNew writes rows and returns, for each, whether it was written. The
// insert needs a key.
func insertNew[R any](c *conn, ins *sqldb.Insert[R], rows []R) (written []bool, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	result := sqldb.InsertResult{Written: make([]bool, len(rows))}
	c.core.db.Insert(c, &ins.InsertSpec, ins.Values(rows), &result)
	return result.Written, c.Flush()
}

// nextIDs returns n new numbers of a sequence, in rising order.
func (c *conn) nextIDs(sequence string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	return c.core.db.NextIDs(c, sequence, n)
}

// nextID returns one new number of a sequence.
func (c *conn) nextID(sequence string) (int64, error) {
	ids, err := c.nextIDs(sequence, 1)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}
