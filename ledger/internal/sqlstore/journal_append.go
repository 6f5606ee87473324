package sqlstore

import (
	"hash/fnv"
	"slices"

	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// A transaction writes one record to the journal, or several when it has very
// many events. A record gets its id when its first event is added, so that
// other rows can name it. It gets its position last, under the lock of the
// journal's head: so positions follow the order of commits and have no gaps.

// record is a record of the journal that the transaction is still filling.
type record struct {
	id    int64
	body  *journal.Body
	count int // of the events in the body
	// reserved is how many events there is room kept for. Some never come.
	reserved int
	at       int64
	callers  int64 // see callerBit
	// names are the same callers by name, for the index of the journal.
	names []string
}

// recorder collects the events of a transaction.
type recorder struct{ records []*record }

// log adds the events of one touch, or of one change, and returns the id of the
// record that holds them; 0 when there are none.
func (t *tx) log(events []touch.Event) (int64, error) {
	if len(events) == 0 {
		return 0, nil
	}
	r, err := t.reserve(len(events))
	if err != nil {
		return 0, err
	}
	r.add(events)
	return r.id, nil
}

// reserve returns a record with room for n more events, and keeps that room.
func (t *tx) reserve(n int) (*record, error) {
	if n > journal.MaxEvents {
		return nil, touch.Errorf(touch.TooLarge, "events", "a touch cannot have %d events at once", n)
	}
	if k := len(t.journal.records); k > 0 {
		if r := t.journal.records[k-1]; r.reserved+n <= journal.MaxEvents {
			r.reserved += n
			return r, nil
		}
	}
	id, err := t.nextID("records")
	if err != nil {
		return nil, err
	}
	r := &record{id: id, body: journal.NewBody(), at: micros(t.core.now()), reserved: n}
	t.journal.records = append(t.journal.records, r)
	return r, nil
}

// add writes events for which room was reserved.
func (r *record) add(events []touch.Event) {
	for i := range events {
		r.body.Add(&events[i])
		r.addCaller(events[i].Caller)
	}
	r.count += len(events)
}

func (r *record) addCaller(caller string) {
	if caller == "" || len(r.names) > 0 && r.names[len(r.names)-1] == caller {
		return
	}
	r.callers |= callerBit(caller)
	if !slices.Contains(r.names, caller) {
		r.names = append(r.names, caller)
	}
}

// callerBit returns one of 62 bits for a caller. A record has the bits of all
// its callers, so the reader of one caller's events skips most of the records
// without any.
func callerBit(caller string) int64 {
	if caller == "" {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(caller))
	return 1 << (h.Sum32() % 62)
}

// row returns the record as it is stored.
func (r *record) row() JournalRow {
	stored := journal.Record{ID: r.id, At: r.at, Count: int64(r.count), Body: r.body.Bytes()}
	return JournalRow{
		ID: stored.ID, At: stored.At, Count: stored.Count, Callers: r.callers, Names: r.names,
		Body: stored.Body, Sum: stored.Sum(),
	}
}

// writeJournal appends the records that hold events.
func (t *tx) writeJournal() error {
	rows := make([]JournalRow, 0, len(t.journal.records))
	for _, r := range t.journal.records {
		if r.count > 0 {
			rows = append(rows, r.row())
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return t.core.db.AppendJournal(t, rows)
}
