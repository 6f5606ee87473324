package sqlite

import "touchgate.dev/ledger/internal/sqldb"

// NextIDs implements sqldb.Database. A sequence is a row that holds its last number.
func (*database) NextIDs(s sqldb.Session, sequence string, n int) ([]int64, error) {
	var last int64
	s.Queue(sqldb.Statement{
		Query: `UPDATE sequences SET value = value + $1 WHERE name = $2 RETURNING value`,
		Args:  []any{n, sequence},
		Row:   func(rows sqldb.Rows) error { return rows.Scan(&last) },
	})
	if err := s.Flush(); err != nil {
		return nil, err
	}
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = last - int64(n-1-i)
	}
	return ids, nil
}
