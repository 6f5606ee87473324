package sqlstore

import (
	"time"

	json "github.com/go-json-experiment/json/v1" // means the same as encoding/json, in half the time

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Blobs begin with the number of their form, so that a later form can stand
// beside stored ones.
const form1 = 1

func newWriter(size int) *writer {
	return &writer{b: append(make([]byte, 0, size), form1)}
}

func openBlob(b []byte) *reader {
	r := &reader{b: b}
	if r.uint() != form1 {
		r.fail()
	}
	return r
}

// packTouch writes what the columns of the touch's row do not hold.
func packTouch(t *touch.Touch) []byte {
	w := newWriter(256)
	w.text(t.Key)
	w.time(t.AcceptedAt)
	w.word(string(t.Category))
	w.text(t.Subject)
	w.optTime(t.NotBefore)
	w.optTime(t.ExpiresAt)
	w.uint(uint64(len(t.Plan)))
	for i := range t.Plan {
		w.leg(&t.Plan[i])
	}
	w.uint(uint64(len(t.Addresses)))
	for c, a := range t.Addresses {
		w.word(string(c))
		w.text(a)
	}
	w.uint(uint64(len(t.Pins)))
	for _, p := range t.Pins {
		w.int(int64(p))
	}
	return w.b
}

func unpackTouch(b []byte, t *touch.Touch) error {
	r := openBlob(b)
	t.Key = r.text()
	t.AcceptedAt = r.time()
	t.Category = touch.Category(r.word())
	t.Subject = r.text()
	t.NotBefore, t.ExpiresAt = r.optTime(), r.optTime()
	if n := r.count(); n > 0 {
		t.Plan = make([]touch.Leg, n)
		for i := range t.Plan {
			r.leg(&t.Plan[i])
		}
	}
	if n := r.count(); n > 0 {
		t.Addresses = make(map[touch.Channel]string, n)
		for range n {
			c := touch.Channel(r.word())
			t.Addresses[c] = r.text()
		}
	}
	if n := r.count(); n > 0 {
		t.Pins = make([]int, n)
		for i := range t.Pins {
			t.Pins[i] = int(r.int())
		}
	}
	return r.err
}

func (w *writer) leg(l *touch.Leg) {
	w.word(string(l.Channel))
	w.word(l.Template)
	w.texts(l.Params)
	w.bool(l.Content != nil)
	if c := l.Content; c != nil {
		w.text(c.Title)
		w.text(c.Body)
		w.text(c.Link)
		w.text(c.Image)
		w.text(c.Placement)
		w.texts(c.Data)
	}
	w.text(l.Title)
	w.int(int64(l.DueIn))
	w.bool(l.Assign != nil)
	if a := l.Assign; a != nil {
		w.text(a.Manager)
		w.text(a.Queue)
		w.text(a.Branch)
	}
	w.int(int64(l.Wait))
	w.word(l.Until)
}

func (r *reader) leg(l *touch.Leg) {
	l.Channel = touch.Channel(r.word())
	l.Template = r.word()
	l.Params = r.texts()
	if r.bool() {
		l.Content = &touch.Content{
			Title: r.text(), Body: r.text(), Link: r.text(), Image: r.text(), Placement: r.text(), Data: r.texts(),
		}
	}
	l.Title = r.text()
	l.DueIn = touch.Duration(r.int())
	if r.bool() {
		l.Assign = &touch.Assignee{Manager: r.text(), Queue: r.text(), Branch: r.text()}
	}
	l.Wait = touch.Duration(r.int())
	l.Until = r.word()
}

func (w *writer) texts(m map[string]string) {
	w.uint(uint64(len(m)))
	for k, v := range m {
		w.word(k)
		w.text(v)
	}
}

func (r *reader) texts() map[string]string {
	n := r.count()
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		k := r.word()
		m[k] = r.text()
	}
	return m
}

func (w *writer) optTime(t *time.Time) {
	w.bool(t != nil)
	if t != nil {
		w.time(*t)
	}
}

func (r *reader) optTime() *time.Time {
	if !r.bool() {
		return nil
	}
	t := r.time()
	return &t
}

// packContacts keeps "" for none: most touches have none for most of their life.
func packContacts(cs []ledger.Contact) []byte {
	if len(cs) == 0 {
		return nil
	}
	w := newWriter(32)
	w.uint(uint64(len(cs)))
	for _, c := range cs {
		w.uint(uint64(c.Leg))
		w.word(string(c.Channel))
		w.time(c.At)
		w.word(c.Kind)
		w.word(c.Heard)
	}
	return w.b
}

func unpackContacts(b []byte) ([]ledger.Contact, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := openBlob(b)
	cs := make([]ledger.Contact, r.count())
	for i := range cs {
		cs[i] = ledger.Contact{
			Leg: int(r.uint()), Channel: touch.Channel(r.word()), At: r.time(), Kind: r.word(), Heard: r.word(),
		}
	}
	return cs, r.err
}

func packIntents(is []ledger.Intent) []byte {
	if len(is) == 0 {
		return nil
	}
	w := newWriter(16 * len(is))
	w.uint(uint64(len(is)))
	var last ledger.Intent
	for _, i := range is {
		w.int(i.Seq - last.Seq)
		w.int(i.Version)
		w.uint(uint64(i.Leg))
		w.uint(uint64(i.Attempt))
		w.word(i.Provider)
		w.int(micros(i.At) - micros(last.At))
		last = i
	}
	return w.b
}

func unpackIntents(b []byte) ([]ledger.Intent, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := openBlob(b)
	is := make([]ledger.Intent, r.count())
	var seq, at int64
	for i := range is {
		seq += r.int()
		is[i] = ledger.Intent{Seq: seq, Version: r.int(), Leg: int(r.uint()), Attempt: int(r.uint()), Provider: r.word()}
		at += r.int()
		is[i].At = fromMicros(at)
	}
	return is, r.err
}

// marshal is for rows that are read whole and are not many.
func marshal(v any) ([]byte, error) { return json.Marshal(v) }

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }
