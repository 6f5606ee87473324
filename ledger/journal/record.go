// SPDX-License-Identifier: Apache-2.0

// Package journal is the stored form of what happened: a chain of records,
// each bound to the one before by its hash. A record holds the events of one
// transaction, several records those of a very large one. Drivers write and
// read records; package audit exports them and proves that none was changed.
package journal

import (
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// MaxEvents bounds the events of one record: an event's Seq has 12 bits for
// its index.
const MaxEvents = 1 << indexBits

const indexBits = 12

// Record is the events of one transaction as they are stored.
type Record struct {
	// Pos is the record's position. Positions follow the order of commits and
	// have no gaps.
	Pos int64
	// ID is drawn before the transaction commits, so that its rows can name the
	// record; ids may have gaps and stand in another order than positions.
	ID    int64
	At    int64 // when it was written, in microseconds since 1970
	Count int64 // of events
	Body  []byte
	Hash  []byte // ChainHash of the record before and Sum
}

// Position is that of the record that holds the event with a Seq.
func Position(seq int64) int64 { return seq >> indexBits }

// Each calls visit for each event of the record, in order. An error says that
// the body is corrupt; events before the fault were visited.
func (r *Record) Each(visit func(*touch.Event)) error {
	body := wire.NewReader(r.Body)
	for i := range r.Count {
		var e touch.Event
		readEvent(body, &e)
		if err := body.Err(); err != nil {
			return err
		}
		e.Seq = r.Pos<<indexBits | i
		visit(&e)
	}
	return nil
}

// Events returns the events of the record, in order.
func (r *Record) Events() ([]touch.Event, error) {
	var events []touch.Event
	err := r.Each(func(e *touch.Event) { events = append(events, *e) })
	return events, err
}

// Body builds the body of a record. It is for one goroutine.
type Body struct{ w *wire.Writer }

// NewBody starts an empty body.
func NewBody() *Body { return &Body{w: wire.NewWriter(1024)} }

// Add writes an event at the end.
func (b *Body) Add(e *touch.Event) { writeEvent(b.w, e) }

// Bytes is the body so far.
func (b *Body) Bytes() []byte { return b.w.Bytes() }
