// SPDX-License-Identifier: Apache-2.0

// Package wire is the binary format of the blobs that the ledger stores:
// variable-length integers, and strings of which each distinct one is written
// once and referred to by number afterwards. A campaign's events repeat the
// same few words, so interning them makes a record several times smaller.
package wire

import (
	"errors"
	"time"
)

// format is the first number of every blob, so that a later format can be
// stored beside this one.
const format = 1

// errCorrupt is the error of a Reader that met bytes no Writer wrote.
var errCorrupt = errors.New("wire: a stored record cannot be read")

// Micros is a time as the ledger stores it: microseconds since 1970, in which
// 0 stands for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the reverse of Micros; the time is in UTC.
func FromMicros(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

// PackInts writes rising numbers as differences, which are short.
func PackInts(ns []int64) []byte {
	w := Writer{b: make([]byte, 0, 2*len(ns)+8)}
	last := int64(0)
	for _, n := range ns {
		w.Int(n - last)
		last = n
	}
	return w.b
}

// UnpackInts reads what PackInts wrote.
func UnpackInts(b []byte) ([]int64, error) {
	r := Reader{b: b}
	ns := make([]int64, 0, len(b))
	last := int64(0)
	for len(r.b) > 0 {
		last += r.Int()
		ns = append(ns, last)
	}
	return ns, r.err
}

// CountInts returns how many numbers PackInts wrote, without reading them: the
// last byte of each number is the one below 128.
func CountInts(b []byte) (n int) {
	for _, c := range b {
		if c < 1<<7 {
			n++
		}
	}
	return n
}
