package wire

import (
	"encoding/binary"
	"time"
)

// Writer builds a blob. It is for one goroutine.
type Writer struct {
	b        []byte
	interned map[string]uint64
}

// NewWriter starts a blob; size is a guess at its length in bytes.
func NewWriter(size int) *Writer {
	return &Writer{b: append(make([]byte, 0, size), format)}
}

// Bytes is the blob so far.
func (w *Writer) Bytes() []byte { return w.b }

// Uint writes a number that is not negative.
func (w *Writer) Uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

// Int writes a number.
func (w *Writer) Int(v int64) { w.b = binary.AppendVarint(w.b, v) }

// Bool writes a bool as one byte.
func (w *Writer) Bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

// Raw writes bytes whose length the reader knows.
func (w *Writer) Raw(b []byte) { w.b = append(w.b, b...) }

// Text writes a string that is not likely to come again in this blob.
func (w *Writer) Text(s string) {
	w.Uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

// Interned writes a string that is likely to come again: the first time 0 and
// the string, later its number.
func (w *Writer) Interned(s string) {
	if n, ok := w.interned[s]; ok {
		w.Uint(n)
		return
	}
	if w.interned == nil {
		w.interned = map[string]uint64{}
	}
	w.interned[s] = uint64(len(w.interned) + 1)
	w.Uint(0)
	w.Text(s)
}

// Time writes a time to the microsecond.
func (w *Writer) Time(t time.Time) { w.Int(Micros(t)) }
