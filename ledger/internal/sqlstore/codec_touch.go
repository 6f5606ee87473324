package sqlstore

import (
	"time"

	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// packTouch returns the part of a touch that has no columns of its own: the
// column touches.body. Stored touches rely on the order of the fields; a new
// field goes to the end.
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

// unpackTouch fills in what packTouch wrote.
func unpackTouch(b []byte, t *touch.Touch) error {
	r := wire.NewReader(b)
	t.Key = r.Text()
	t.AcceptedAt = r.Time()
	t.Category = touch.Category(r.Interned())
	t.Subject = r.Text()
	t.NotBefore = readOptTime(r)
	t.ExpiresAt = readOptTime(r)
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

// writeOptTime writes a time that may be absent.
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
