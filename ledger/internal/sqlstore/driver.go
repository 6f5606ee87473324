package sqlstore

import "touchgate.dev/ledger/internal/sqldb"

// Driver is a database in which the ledger's tables lie.
type Driver interface {
	sqldb.Database
	// AppendJournal queues the statements that add records to the end of the
	// journal. They lock the journal's head until the transaction ends.
	AppendJournal(s sqldb.Session, records []JournalRow) error
}

// JournalRow is one record of the journal before it has a position in the chain.
type JournalRow struct {
	ID      int64
	At      int64 // microseconds since 1970
	Count   int64 // of events
	Callers int64 // see callerBit
	Body    []byte
	Sum     [32]byte // the record's own hash
}
