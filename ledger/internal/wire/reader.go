package wire

import (
	"encoding/binary"
	"time"
)

// Reader reads a blob in the order in which it was written. After the first
// fault every method returns a zero value and Err returns the fault, so that
// callers check once at the end. It is for one goroutine.
type Reader struct {
	b        []byte
	interned []string
	err      error
}

// NewReader opens a blob that NewWriter started.
func NewReader(b []byte) *Reader {
	r := &Reader{b: b}
	if r.Uint() != format {
		r.Fail()
	}
	return r
}

// Err is the first fault, nil when there was none.
func (r *Reader) Err() error { return r.err }

// Fail marks the blob as corrupt: for a caller that read an impossible value.
func (r *Reader) Fail() { r.b, r.err = nil, errCorrupt }

// Uint reads what Writer.Uint wrote.
func (r *Reader) Uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Int reads what Writer.Int wrote.
func (r *Reader) Int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Count reads a number of things that follow. More than there are bytes left
// is a fault, so that a corrupt blob cannot make its reader allocate much.
func (r *Reader) Count() int {
	n := r.Uint()
	if n > uint64(len(r.b)) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Bool reads what Writer.Bool wrote.
func (r *Reader) Bool() bool {
	b := r.Raw(1)
	return len(b) == 1 && b[0] == 1
}

// Raw reads n bytes. They are part of the blob: copy what is kept.
func (r *Reader) Raw(n int) []byte {
	if n > len(r.b) {
		r.Fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// Text reads what Writer.Text wrote.
func (r *Reader) Text() string { return string(r.Raw(r.Count())) }

// Interned reads what Writer.Interned wrote.
func (r *Reader) Interned() string {
	n := r.Uint()
	if n == 0 {
		s := r.Text()
		r.interned = append(r.interned, s)
		return s
	}
	if n > uint64(len(r.interned)) {
		r.Fail()
		return ""
	}
	return r.interned[n-1]
}

// Time reads what Writer.Time wrote.
func (r *Reader) Time() time.Time { return FromMicros(r.Int()) }
