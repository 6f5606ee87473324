// SPDX-License-Identifier: Apache-2.0

// Package strictyaml holds YAML trees against the Go types that they will be
// decoded into, and decoded values against their validate tags. It finds every
// fault at once, with its line and path. The YAML library's own strictness
// works on whole documents only and knows no paths.
package strictyaml

import (
	"encoding"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// Walk compares YAML trees with Go types. Its methods are not safe for
// concurrent use.
type Walk struct {
	// OnPath, when set, is called with the line of each known key and list
	// entry, such as "redis.addresses[0]".
	OnPath func(path string, line int)
	// Accept, when set, is asked about a key that is not among the keys of its
	// struct. It may change the tree: for example, it makes "password_file" a
	// "password". If it returns true the key is no fault.
	Accept func(path string, key, value *yaml.Node, keys map[string]reflect.Type) bool
	// Faults is what was wrong so far; each has a Line and a Field.
	Faults touch.Faults
}

// Check holds a tree that stands at path against the type t. An unknown key and
// a value that does not fit are faults.
func (w *Walk) Check(path string, node *yaml.Node, t reflect.Type) {
	w.check(path, node.Line, node, t)
}

// check is Check for a node whose key stands on line.
func (w *Walk) check(path string, line int, node *yaml.Node, t reflect.Type) {
	if w.OnPath != nil {
		w.OnPath(path, line)
	}
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case node.Kind == yaml.MappingNode && IsSection(t):
		w.section(path, node, t)
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			w.check(Join(path, key.Value), key.Line, node.Content[i+1], t.Elem())
		}
	case node.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for i, item := range node.Content {
			w.check(path+"["+strconv.Itoa(i)+"]", item.Line, item, t.Elem())
		}
	default:
		if err := node.Decode(reflect.New(t).Interface()); err != nil {
			w.fault(path, node.Line, Misfit(err), "")
		}
	}
}

// section checks the keys of a struct.
func (w *Walk) section(path string, node *yaml.Node, t reflect.Type) {
	keys := Keys(t)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := Join(path, key.Value)
		if fieldType, ok := keys[key.Value]; ok {
			w.check(at, key.Line, value, fieldType)
			continue
		}
		if w.Accept != nil && w.Accept(at, key, value, keys) {
			continue
		}
		hint := DidYouMean(key.Value, slices.Sorted(maps.Keys(keys)))
		w.fault(at, key.Line, "there is no such key", hint)
	}
}

func (w *Walk) fault(path string, line int, message, hint string) {
	w.Faults = append(w.Faults, touch.Fault{Line: line, Field: path, Message: message, Hint: hint})
}

// Join appends a key to a path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Misfit words the decoder's error about one value, without the value, which
// may be a secret, and without the line.
func Misfit(err error) string {
	text := err.Error()
	var found *yaml.TypeError
	if errors.As(err, &found) && len(found.Errors) > 0 {
		text = found.Errors[0]
		if line, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(line, "line ") {
			text = rest
		}
	}
	from, to := strings.IndexAny(text, "`\""), strings.LastIndexAny(text, "`\"")
	if from < 0 || from == to {
		return text
	}
	return text[:from] + "…" + text[to+1:]
}

// IsSection reports whether t is a struct whose keys are checked one by one,
// and not a value that reads itself or a tree that is read later.
func IsSection(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[yaml.Node]() &&
		!pointer.Implements(reflect.TypeFor[yaml.Unmarshaler]()) &&
		!pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
