// SPDX-License-Identifier: Apache-2.0

// Package strictjson decodes one JSON document into a Go value and takes
// nothing on trust: an unknown or repeated name, a wrong type, too deep a
// nesting, broken UTF-8, a NUL character or anything after the document is an
// error that names the path. encoding/json lets most of these pass, matches
// names in any case, and cannot say where in a list it failed. One pass over
// the bytes, two to four times as fast as encoding/json. The HTTP API is its
// only user.
package strictjson

import (
	"reflect"

	"touchgate.dev/touch"
)

// MaxDepth is how deep a document may nest.
const MaxDepth = 16

// Raw is a value kept as it was written, to be decoded later; only its grammar
// was checked. It points into the decoded bytes.
type Raw []byte

// Decoder decodes documents into T. Make it once, with For; it is safe for
// concurrent use.
type Decoder[T any] struct{ root *shape }

// For prepares a Decoder for T: structs with json tags, maps with string keys,
// slices, pointers, strings, numbers, booleans, any, Raw, and whatever
// unmarshals itself from text. It panics on another type, which only a
// programmer can cause.
func For[T any]() *Decoder[T] {
	return &Decoder[T]{root: shapeOf(reflect.TypeFor[T](), map[reflect.Type]*shape{})}
}

// Decode reads data into a T. JSON's null counts as absent. The error is of
// class Invalid, and its field is the path of what is wrong. What was read up
// to there stays in the T. The values share no memory with data, Raw apart.
func (d *Decoder[T]) Decode(data []byte, into *T) error {
	r := reader{data: data}
	err := r.value(d.root, reflect.ValueOf(into).Elem())
	if err == nil {
		if r.space(); r.pos < len(r.data) {
			err = r.fault("there is something after the end of the document")
		}
	}
	if err == nil {
		return nil
	}
	return touch.Errorf(touch.Invalid, err.path, "%s", err.message)
}

// fault is an error on its way up: every level puts its name before the path.
type fault struct{ path, message string }

func (r *reader) fault(message string) *fault { return &fault{message: message} }

func (f *fault) within(name string) *fault {
	switch {
	case f.path == "":
		f.path = name
	case f.path[0] == '[':
		f.path = name + f.path
	default:
		f.path = name + "." + f.path
	}
	return f
}
