package sqlstore

import (
	"hash/fnv"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// The journal holds a record for each transaction (several for a very large
// one). A record has an id, drawn when its first event is added so that rows
// can name it, and a position, given as the last step under the lock of the
// head: positions are in the order of commits and have no gaps. An event's Seq
// is its record's position and its index within the record.

// record is one line of the journal, before it has a position.
type record struct {
	id    int64
	body  *journal.Body
	count int
	// reserved counts the events there will be; some may not come.
	reserved int
	at       int64
	callers  int64
}

// recorder gathers the events of a transaction.
type recorder struct{ records []*record }

// log adds the events of one touch, or of one change, and gives the id of the
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

// reserve finds a record with room for n more events and keeps the room.
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

// add writes events for which there is room.
func (r *record) add(events []touch.Event) {
	for i := range events {
		r.body.Add(&events[i])
		r.callers |= callerBit(events[i].Caller)
	}
	r.count += len(events)
}

// callerBit is a bit for each caller, by which a caller's feed passes over
// records that surely hold nothing of it.
func callerBit(caller string) int64 {
	if caller == "" {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(caller))
	return 1 << (h.Sum32() % 62)
}

// sum is the record's own hash.
func (r *record) sum() [32]byte {
	return (&journal.Record{ID: r.id, At: r.at, Count: int64(r.count), Body: r.body.Bytes()}).Sum()
}

// writeJournal appends the records that hold something.
func (t *tx) writeJournal() error {
	records := make([]JournalRow, 0, len(t.journal.records))
	for _, r := range t.journal.records {
		if r.count > 0 {
			records = append(records, JournalRow{ID: r.id, At: r.at, Count: int64(r.count), Callers: r.callers, Body: r.body.Bytes(), Sum: r.sum()})
		}
	}
	if len(records) == 0 {
		return nil
	}
	return t.core.db.AppendJournal(t, records)
}

// history gives the events of one touch from the records that hold them.
func (c *conn) history(id touch.ID, records []int64) ([]touch.Event, error) {
	var events []touch.Event
	err := c.each(func(rows sqldb.Rows) error {
		var r journal.Record
		if err := rows.Scan(&r.Pos, &r.Count, &r.Body); err != nil {
			return err
		}
		return r.Each(func(e *touch.Event) {
			if e.Touch == id {
				events = append(events, *e)
			}
		})
	}, `SELECT pos, count, body FROM journal WHERE `+c.in("id", 1, sqldb.Integer)+` ORDER BY pos`, c.array(records))
	return events, err
}
