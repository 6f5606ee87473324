package sqlstore

import (
	"database/sql"
	"hash/fnv"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// The journal holds a record for each transaction (several for a very large
// one). A record has an id, drawn when its first event is added so that rows
// can name it, and a position, given as the last step under the lock of the
// head: positions are in the order of commits and have no gaps. An event's Seq
// is its record's position and its place within the record.
const (
	placeBits   = 12
	recordLimit = 1 << placeBits
)

// record is one line of the journal, before it has a position.
type record struct {
	id    int64
	w     *writer
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
	if n > recordLimit {
		return nil, touch.Errorf(touch.TooLarge, "events", "a touch cannot have %d events at once", n)
	}
	if k := len(t.journal.records); k > 0 {
		if r := t.journal.records[k-1]; r.reserved+n <= recordLimit {
			r.reserved += n
			return r, nil
		}
	}
	id, err := t.takeOne("records")
	if err != nil {
		return nil, err
	}
	r := &record{id: id, w: newWriter(1024), at: micros(t.s.now()), reserved: n}
	t.journal.records = append(t.journal.records, r)
	return r, nil
}

// add writes events for which there is room.
func (r *record) add(events []touch.Event) {
	for i := range events {
		r.w.event(&events[i])
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
	return (&ledger.JournalRecord{ID: r.id, At: r.at, Count: int64(r.count), Body: r.w.b}).Sum()
}

var insertJournal = Insert{
	Table:   "journal",
	Columns: []string{"pos", "id", "at", "count", "callers", "body", "hash"},
	Kinds:   "iiiiibb",
}

// writeJournal appends the records under the lock of the head.
func (t *tx) writeJournal() error {
	t.journal.records = slices.DeleteFunc(t.journal.records, func(r *record) bool { return r.count == 0 })
	if len(t.journal.records) == 0 {
		return nil
	}
	sums := make([][32]byte, len(t.journal.records))
	for i, r := range t.journal.records {
		sums[i] = r.sum()
	}
	var pos int64
	var hash []byte
	if _, err := t.one([]any{&pos, &hash}, `SELECT pos, hash FROM head WHERE id = 1`+t.s.dialect.Lock()); err != nil {
		return err
	}
	var c journalColumns
	for i, r := range t.journal.records {
		pos++
		hash = ledger.ChainHash(hash, sums[i])
		c.add(pos, r, hash)
	}
	if err := t.insert(&insertJournal, len(c.pos), c.pos, c.id, c.at, c.count, c.callers, c.body, c.hash); err != nil {
		return err
	}
	_, err := t.Exec(`UPDATE head SET pos = $1, hash = $2 WHERE id = 1`, pos, hash)
	return err
}

type journalColumns struct {
	pos, id, at, count, callers []int64
	body, hash                  [][]byte
}

func (c *journalColumns) add(pos int64, r *record, hash []byte) {
	c.pos, c.id, c.at = append(c.pos, pos), append(c.id, r.id), append(c.at, r.at)
	c.count, c.callers = append(c.count, int64(r.count)), append(c.callers, r.callers)
	c.body, c.hash = append(c.body, r.w.b), append(c.hash, hash)
}

// readRecord calls visit for each event of a record.
func readRecord(pos, count int64, body []byte, visit func(*touch.Event)) error {
	r := openBlob(body)
	for i := range count {
		var e touch.Event
		r.event(&e)
		if r.err != nil {
			return r.err
		}
		e.Seq = pos<<placeBits | i
		visit(&e)
	}
	return nil
}

// history gives the events of one touch from the records that hold them.
func (c *conn) history(id touch.ID, records []int64) ([]touch.Event, error) {
	var events []touch.Event
	err := c.each(func(rows *sql.Rows) error {
		var pos, count int64
		var body []byte
		if err := rows.Scan(&pos, &count, &body); err != nil {
			return err
		}
		return readRecord(pos, count, body, func(e *touch.Event) {
			if e.Touch == id {
				events = append(events, *e)
			}
		})
	}, `SELECT pos, count, body FROM journal WHERE `+c.in("id", 1, Int)+` ORDER BY pos`, c.array(records))
	return events, err
}
