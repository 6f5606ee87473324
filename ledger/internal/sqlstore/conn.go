package sqlstore

// conn runs statements in a session of the store's database.
type conn struct {
	Session
	s *Store
}

// send runs a statement whose answer nobody waits for: it travels with the
// next one that somebody does wait for, or with the commit.
func (c *conn) send(query string, args ...any) {
	c.Send(Statement{Query: query, Args: args})
}

// Exec runs a statement now and gives the number of rows it changed.
func (c *conn) Exec(query string, args ...any) (affected int64, err error) {
	c.Send(Statement{Query: query, Args: args, Done: func(n int64) error {
		affected = n
		return nil
	}})
	err = c.Flush()
	return affected, err
}

// ask sends a query; scan is called for every row once it is flushed.
func (c *conn) ask(scan func(Rows) error, query string, args ...any) {
	c.Send(Statement{Query: query, Args: args, Row: scan})
}

// each calls scan for every row.
func (c *conn) each(scan func(Rows) error, query string, args ...any) error {
	c.ask(scan, query, args...)
	return c.Flush()
}

// one reads the first row into dest; ok is false when there is none.
func (c *conn) one(dest []any, query string, args ...any) (ok bool, err error) {
	err = c.each(func(rows Rows) error {
		if ok {
			return nil
		}
		ok = true
		return rows.Scan(dest...)
	}, query, args...)
	return ok && err == nil, err
}

func (c *conn) in(column string, n int, kind Kind) string { return c.s.db.In(column, n, kind) }

func (c *conn) array(values any) any { return c.s.db.Array(values) }

// insert writes rows, given as columns.
func (c *conn) insert(ins *Insert, rows int, columns ...any) error {
	if rows == 0 {
		return nil
	}
	var into Inserted
	c.s.db.Insert(c, ins, columns, &into)
	if !ins.Must {
		return nil
	}
	err := c.Flush()
	if err == nil && into.Affected != rows {
		return errRaced
	}
	return err
}

// insertHits writes rows and tells which were written.
func (c *conn) insertHits(ins *Insert, rows int, columns ...any) (hits []bool, err error) {
	if rows == 0 {
		return nil, nil
	}
	into := Inserted{Hits: make([]bool, rows)}
	c.s.db.Insert(c, ins, columns, &into)
	return into.Hits, c.Flush()
}

// take draws n numbers from a sequence.
func (c *conn) take(sequence string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	return c.s.db.Take(c, sequence, n)
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

// finish sends the rows that all transactions contend for and commits in the
// same breath, so that they are locked for as short as can be.
func (t *tx) finish() error {
	if err := t.writeCounts(); err != nil {
		return err
	}
	if err := t.writeJournal(); err != nil {
		return err
	}
	return t.Commit()
}
