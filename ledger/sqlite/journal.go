package sqlite

import (
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/ledger/journal"
)

// AppendJournal implements sqlstore.Driver. SQLite has no SHA-256, so it reads
// the head and computes the chain here. PostgreSQL does both in one statement.
func (*database) AppendJournal(s sqldb.Session, records []sqlstore.JournalRow) error {
	var pos int64
	var hash []byte
	s.Queue(sqldb.Statement{
		Query: `SELECT pos, hash FROM head WHERE id = 1`,
		Row:   func(rows sqldb.Rows) error { return rows.Scan(&pos, &hash) },
	})
	if err := s.Flush(); err != nil {
		return err
	}
	for i := range records {
		r := &records[i]
		pos++
		hash = journal.ChainHash(hash, r.Sum)
		s.Queue(sqldb.Statement{
			Query: `INSERT INTO journal (pos, id, at, count, callers, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			Args:  []any{pos, r.ID, r.At, r.Count, r.Callers, r.Body, hash},
		})
		for _, caller := range r.Names {
			s.Queue(sqldb.Statement{
				Query: `INSERT INTO journal_callers (caller, block) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
				Args:  []any{caller, pos >> sqlstore.IndexBits},
			})
		}
	}
	s.Queue(sqldb.Statement{Query: `UPDATE head SET pos = $1, hash = $2 WHERE id = 1`, Args: []any{pos, hash}})
	return nil
}
