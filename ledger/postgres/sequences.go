package postgres

import "touchgate.dev/ledger/internal/sqldb"

// idBlock is the unused part of a block of numbers: next up to, not including, end.
type idBlock struct{ next, end int64 }

// blockSize is by how much a sequence that is drawn by the block rises at each
// draw. The migrations create the sequences with the same increment.
const blockSize = 1000

// NextIDs implements sqldb.Database. Touches are numbered one by one, so that
// their numbers follow the order of arrival over all nodes. All other numbers
// only have to be unique: each node takes them from a block of its own, which
// saves a round trip for most of them.
func (d *database) NextIDs(s sqldb.Session, sequence string, n int) ([]int64, error) {
	if sequence == "touches" {
		return queryIDs(s, `SELECT nextval('seq_touches') FROM generate_series(1, $1)`, n)
	}
	ids := d.takeFromBlock(sequence, make([]int64, 0, n), n)
	for len(ids) < n {
		// The lock is not held here: the statements that the session queued
		// before may wait for other transactions.
		first, err := queryIDs(s, `SELECT nextval('seq_`+sequence+`')`)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		d.ids[sequence] = idBlock{next: first[0], end: first[0] + blockSize}
		d.mu.Unlock()
		ids = d.takeFromBlock(sequence, ids, n)
	}
	return ids, nil
}

// takeFromBlock appends numbers from the node's block until there are n in all,
// or the block is used up.
func (d *database) takeFromBlock(sequence string, ids []int64, n int) []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.ids[sequence]
	for ; len(ids) < n && b.next < b.end; b.next++ {
		ids = append(ids, b.next)
	}
	d.ids[sequence] = b
	return ids
}

func queryIDs(s sqldb.Session, query string, args ...any) (ids []int64, err error) {
	s.Queue(sqldb.Statement{Query: query, Args: args, Row: func(rows sqldb.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}})
	err = s.Flush()
	return ids, err
}
