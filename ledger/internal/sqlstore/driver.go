package sqlstore

import "touchgate.dev/ledger/internal/sqldb"

// Driver is a database in which the ledger's tables lie.
type Driver interface {
	sqldb.Database
	// AppendJournal queues the statements that add records to the end of the
	// journal, and the callers of each to the index. They lock the journal's head
	// until the transaction ends.
	AppendJournal(s sqldb.Session, records []JournalRow) error
}

// IndexBits is how many bits of a record's position the index of callers leaves
// out: a row of journal_callers stands for 256 records.
const IndexBits = 8

// JournalRow is one record of the journal before it has a position in the chain.
type JournalRow struct {
	ID      int64
	At      int64    // microseconds since 1970
	Count   int64    // of events
	Callers int64    // see callerBit
	Names   []string // of the same callers, each once
	Body    []byte
	Sum     [32]byte // the record's own hash
}
