package postgres

import (
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/sqlstore"
)

// appendRecord moves the journal's head, computes the chain hash and writes the
// record and its callers, all in one statement. Its result is not needed, so it travels
// together with the commit.
const appendRecord = `WITH h AS (UPDATE head SET pos = pos + 1, hash = sha256(hash || $1) WHERE id = 1 RETURNING pos, hash),
	j AS (INSERT INTO journal (pos, id, at, count, callers, body, hash) SELECT h.pos, $2, $3, $4, $5, $6, h.hash FROM h)
	INSERT INTO journal_callers (caller, block) SELECT n, h.pos >> $8::int FROM h, unnest($7::text[]) n ON CONFLICT DO NOTHING`

// AppendJournal implements sqlstore.Driver.
func (*database) AppendJournal(s sqldb.Session, records []sqlstore.JournalRow) error {
	for i := range records {
		r := &records[i]
		s.Queue(sqldb.Statement{
			Query: appendRecord,
			Args:  []any{r.Sum[:], r.ID, r.At, r.Count, r.Callers, r.Body, r.Names, sqlstore.IndexBits},
		})
	}
	return nil
}
