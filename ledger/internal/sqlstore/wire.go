package sqlstore

import (
	"encoding/binary"
	"errors"
	"time"
)

// writer builds the compact blobs that the ledger keeps: varints, and strings
// that are written once and named by number afterwards.
type writer struct {
	b     []byte
	known map[string]uint64
}

func (w *writer) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *writer) int(v int64) { w.b = binary.AppendVarint(w.b, v) }

func (w *writer) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

// raw writes bytes whose length the reader knows.
func (w *writer) raw(b []byte) { w.b = append(w.b, b...) }

// text writes a string that is not likely to come again.
func (w *writer) text(s string) {
	w.uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

// word writes a string that is likely to come again: 0 and the string, or its number.
func (w *writer) word(s string) {
	if n, ok := w.known[s]; ok {
		w.uint(n)
		return
	}
	if w.known == nil {
		w.known = map[string]uint64{}
	}
	w.known[s] = uint64(len(w.known) + 1)
	w.uint(0)
	w.text(s)
}

// time writes microseconds; 0 is the zero time.
func (w *writer) time(t time.Time) { w.int(micros(t)) }

// errCorrupt says that a stored blob cannot be read.
var errCorrupt = errors.New("sqlstore: a stored record cannot be read")

// reader takes apart what a writer built. After the first fault every read
// answers zero values and err is set.
type reader struct {
	b     []byte
	known []string
	err   error
}

func (r *reader) fail() { r.b, r.err = nil, errCorrupt }

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a length; it cannot be more than there are bytes left.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) bool() bool {
	b := r.raw(1)
	return len(b) == 1 && b[0] == 1
}

func (r *reader) raw(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) text() string { return string(r.raw(r.count())) }

func (r *reader) word() string {
	n := r.uint()
	if n == 0 {
		s := r.text()
		r.known = append(r.known, s)
		return s
	}
	if n > uint64(len(r.known)) {
		r.fail()
		return ""
	}
	return r.known[n-1]
}

func (r *reader) time() time.Time { return fromMicros(r.int()) }

// micros is a time as the ledger stores it; 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

// packNumbers writes rising numbers as differences; unpackNumbers reads them.
func packNumbers(ns []int64) []byte {
	w := writer{b: make([]byte, 0, 2*len(ns)+8)}
	last := int64(0)
	for _, n := range ns {
		w.int(n - last)
		last = n
	}
	return w.b
}

func unpackNumbers(b []byte) ([]int64, error) {
	r := reader{b: b}
	ns := make([]int64, 0, len(b))
	last := int64(0)
	for len(r.b) > 0 {
		last += r.int()
		ns = append(ns, last)
	}
	return ns, r.err
}

// flag is a bool as the ledger stores it.
func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}
