package sqlstore

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// packTouch writes what the columns of the touch's row do not hold.
func packTouch(t *touch.Touch) []byte {
	w := wire.NewWriter(256)
	w.Text(t.Key)
	w.Time(t.AcceptedAt)
	w.Interned(string(t.Category))
	w.Text(t.Subject)
	writeOptTime(w, t.NotBefore)
	writeOptTime(w, t.ExpiresAt)
	w.Uint(uint64(len(t.Plan)))
	for i := range t.Plan {
		writeLeg(w, &t.Plan[i])
	}
	w.Uint(uint64(len(t.Addresses)))
	for c, a := range t.Addresses {
		w.Interned(string(c))
		w.Text(a)
	}
	w.Uint(uint64(len(t.Pins)))
	for _, p := range t.Pins {
		w.Int(int64(p))
	}
	return w.Bytes()
}

func unpackTouch(b []byte, t *touch.Touch) error {
	r := wire.NewReader(b)
	t.Key = r.Text()
	t.AcceptedAt = r.Time()
	t.Category = touch.Category(r.Interned())
	t.Subject = r.Text()
	t.NotBefore, t.ExpiresAt = readOptTime(r), readOptTime(r)
	if n := r.Count(); n > 0 {
		t.Plan = make([]touch.Leg, n)
		for i := range t.Plan {
			readLeg(r, &t.Plan[i])
		}
	}
	if n := r.Count(); n > 0 {
		t.Addresses = make(map[touch.Channel]string, n)
		for range n {
			c := touch.Channel(r.Interned())
			t.Addresses[c] = r.Text()
		}
	}
	if n := r.Count(); n > 0 {
		t.Pins = make([]int, n)
		for i := range t.Pins {
			t.Pins[i] = int(r.Int())
		}
	}
	return r.Err()
}

func writeLeg(w *wire.Writer, l *touch.Leg) {
	w.Interned(string(l.Channel))
	w.Interned(l.Template)
	writeTexts(w, l.Params)
	w.Bool(l.Content != nil)
	if c := l.Content; c != nil {
		w.Text(c.Title)
		w.Text(c.Body)
		w.Text(c.Link)
		w.Text(c.Image)
		w.Text(c.Placement)
		writeTexts(w, c.Data)
	}
	w.Text(l.Title)
	w.Int(int64(l.DueIn))
	w.Bool(l.Assign != nil)
	if a := l.Assign; a != nil {
		w.Text(a.Manager)
		w.Text(a.Queue)
		w.Text(a.Branch)
	}
	w.Int(int64(l.Wait))
	w.Interned(l.Until)
}

func readLeg(r *wire.Reader, l *touch.Leg) {
	l.Channel = touch.Channel(r.Interned())
	l.Template = r.Interned()
	l.Params = readTexts(r)
	if r.Bool() {
		l.Content = &touch.Content{
			Title: r.Text(), Body: r.Text(), Link: r.Text(), Image: r.Text(), Placement: r.Text(), Data: readTexts(r),
		}
	}
	l.Title = r.Text()
	l.DueIn = touch.Duration(r.Int())
	if r.Bool() {
		l.Assign = &touch.Assignee{Manager: r.Text(), Queue: r.Text(), Branch: r.Text()}
	}
	l.Wait = touch.Duration(r.Int())
	l.Until = r.Interned()
}

func writeTexts(w *wire.Writer, m map[string]string) {
	w.Uint(uint64(len(m)))
	for k, v := range m {
		w.Interned(k)
		w.Text(v)
	}
}

func readTexts(r *wire.Reader) map[string]string {
	n := r.Count()
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		k := r.Interned()
		m[k] = r.Text()
	}
	return m
}

func writeOptTime(w *wire.Writer, t *time.Time) {
	w.Bool(t != nil)
	if t != nil {
		w.Time(*t)
	}
}

func readOptTime(r *wire.Reader) *time.Time {
	if !r.Bool() {
		return nil
	}
	t := r.Time()
	return &t
}

// packContacts keeps "" for none: most touches have none for most of their life.
func packContacts(cs []ledger.Contact) []byte {
	if len(cs) == 0 {
		return nil
	}
	w := wire.NewWriter(32)
	w.Uint(uint64(len(cs)))
	for _, c := range cs {
		w.Uint(uint64(c.Leg))
		w.Interned(string(c.Channel))
		w.Time(c.At)
		w.Interned(string(c.Kind))
		w.Interned(c.Reports.String())
	}
	return w.Bytes()
}

func unpackContacts(b []byte) ([]ledger.Contact, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := wire.NewReader(b)
	cs := make([]ledger.Contact, r.Count())
	for i := range cs {
		cs[i] = ledger.Contact{
			Leg:     int(r.Uint()),
			Channel: touch.Channel(r.Interned()),
			At:      r.Time(),
			Kind:    touch.ContactKind(r.Interned()),
			Reports: ledger.ParseReports(r.Interned()),
		}
	}
	return cs, r.Err()
}

func packIntents(is []ledger.Intent) []byte {
	if len(is) == 0 {
		return nil
	}
	w := wire.NewWriter(16 * len(is))
	w.Uint(uint64(len(is)))
	var last ledger.Intent
	for _, i := range is {
		w.Int(i.Seq - last.Seq)
		w.Int(i.Version)
		w.Uint(uint64(i.Leg))
		w.Uint(uint64(i.Attempt))
		w.Interned(i.Provider)
		w.Int(wire.Micros(i.At) - wire.Micros(last.At))
		last = i
	}
	return w.Bytes()
}

func unpackIntents(b []byte) ([]ledger.Intent, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := wire.NewReader(b)
	is := make([]ledger.Intent, r.Count())
	var seq, at int64
	for i := range is {
		seq += r.Int()
		is[i] = ledger.Intent{Seq: seq, Version: r.Int(), Leg: int(r.Uint()), Attempt: int(r.Uint()), Provider: r.Interned()}
		at += r.Int()
		is[i].At = wire.FromMicros(at)
	}
	return is, r.Err()
}
