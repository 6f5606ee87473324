package sqlstore

import (
	"slices"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
)

var progressColumns = sqldb.Columns[*transition]{
	sqldb.Int("seq", func(tr *transition) int64 { return tr.seq }),
	sqldb.Int("version", func(tr *transition) int64 { return tr.next.Version }),
	sqldb.Text("state", func(tr *transition) string { return string(tr.next.State) }),
	sqldb.Text("reason", func(tr *transition) string { return tr.next.Reason }),
	sqldb.Int("leg", func(tr *transition) int64 { return int64(tr.next.Leg) }),
	sqldb.Int("attempts", func(tr *transition) int64 { return int64(tr.next.Attempts) }),
	sqldb.Int("due", func(tr *transition) int64 { return micros(tr.next.Due) }),
	sqldb.Text("lane", func(tr *transition) string { return tr.next.Lane }),
	sqldb.Int("wait", func(tr *transition) int64 { return tr.alias }),
	sqldb.Text("provider", func(tr *transition) string { return tr.next.Provider }),
	sqldb.Blob("contacts", func(tr *transition) []byte { return packContacts(tr.next.Contacts) }),
	sqldb.Blob("trail", func(tr *transition) []byte { return wire.PackInts(tr.laterRecords()) }),
}

// insertProgress writes a row only where its version is still the one read.
var insertProgress = sqldb.NewInsert("progress", progressColumns,
	"(seq) DO UPDATE SET "+progressColumns.Excluded("seq")+" WHERE progress.version = excluded.version - 1", "seq")

// save writes the new progress of touches, and returns the transitions whose
// touch another transaction has changed since it was read.
func (ts *transitionSet) save(changed []*transition) (late []*transition, err error) {
	written, err := insertNew(&ts.t.conn, insertProgress, changed)
	if err != nil {
		return nil, err
	}
	for i, tr := range changed {
		if !written[i] {
			late = append(late, tr)
		}
	}
	return late, nil
}

// laterRecords are the touch's, with the record of this transition.
func (tr *transition) laterRecords() []int64 {
	known := tr.before.laterRecords
	if tr.record == nil || tr.record.id == tr.before.firstRecord || slices.Contains(known, tr.record.id) {
		return known
	}
	return append(slices.Clone(known), tr.record.id)
}
