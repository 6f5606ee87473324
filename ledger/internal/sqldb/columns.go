package sqldb

import (
	"slices"
	"strings"
)

// ColumnType is the type of a column that is written.
type ColumnType int

// The types of columns. The zero value is none of them.
const (
	Integer ColumnType = iota + 1 // int64
	String                        // string
	Bytes                         // []byte
)

// Column is a column that is written: its name together with the function that
// reads its value from a row of type R. The list of columns and the values
// that go into them are one list, so they cannot get out of step.
type Column[R any] struct {
	name  string
	typ   ColumnType
	int   func(R) int64
	text  func(R) string
	bytes func(R) []byte
}

// Int is a column of integers.
func Int[R any](name string, value func(R) int64) Column[R] {
	return Column[R]{name: name, typ: Integer, int: value}
}

// Text is a column of strings.
func Text[R any](name string, value func(R) string) Column[R] {
	return Column[R]{name: name, typ: String, text: value}
}

// Blob is a column of byte strings.
func Blob[R any](name string, value func(R) []byte) Column[R] {
	return Column[R]{name: name, typ: Bytes, bytes: value}
}

// Value returns the column's value in one row: an int64, a string or a []byte.
func (c *Column[R]) Value(row R) any {
	switch c.typ {
	case Integer:
		return c.int(row)
	case String:
		return c.text(row)
	default:
		return c.bytes(row)
	}
}

// values returns the column of many rows as one slice of its type. Drivers
// send such slices as they are, so no value is boxed.
func (c *Column[R]) values(rows []R) any {
	switch c.typ {
	case Integer:
		return collect(rows, c.int)
	case String:
		return collect(rows, c.text)
	default:
		return collect(rows, c.bytes)
	}
}

func collect[R, V any](rows []R, value func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// Columns are the columns of a table that are written together.
type Columns[R any] []Column[R]

// Excluded returns the assignments of an upsert: "a = excluded.a, b =
// excluded.b" for all columns but the keys.
func (cs Columns[R]) Excluded(keys ...string) string {
	var sets []string
	for _, c := range cs {
		if !slices.Contains(keys, c.name) {
			sets = append(sets, c.name+" = excluded."+c.name)
		}
	}
	return strings.Join(sets, ", ")
}
