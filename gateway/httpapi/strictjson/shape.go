package strictjson

import (
	"encoding"
	"reflect"
	"strings"
)

// shape says how a Go type is read.
type shape struct {
	kind   kind
	typ    reflect.Type
	elem   *shape // of pointers, slices and maps
	fields map[string]field
}

type field struct {
	bit   uint64 // to notice a repeated name
	index []int
	shape *shape
}

type kind uint8

const (
	aStruct kind = iota
	aMap
	aTextMap // map[string]string, the common one
	aSlice
	aPointer
	aString
	aText // unmarshals itself from a string
	anInt
	aFloat
	aBool
	anything
	aRaw
)

var (
	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
	textMapType = reflect.TypeFor[map[string]string]()
	rawType     = reflect.TypeFor[Raw]()
)

func shapeOf(t reflect.Type, known map[reflect.Type]*shape) *shape {
	if s, ok := known[t]; ok {
		return s
	}
	s := &shape{typ: t}
	known[t] = s
	switch {
	case t == rawType:
		s.kind = aRaw
		return s
	case t == textMapType:
		s.kind = aTextMap
		return s
	case reflect.PointerTo(t).Implements(textType):
		s.kind = aText
		return s
	}
	switch t.Kind() {
	case reflect.Struct:
		s.kind = aStruct
		s.fields = fieldsOf(t, known)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic("strictjson: a map needs string keys: " + t.String())
		}
		s.kind, s.elem = aMap, shapeOf(t.Elem(), known)
	case reflect.Slice:
		s.kind, s.elem = aSlice, shapeOf(t.Elem(), known)
	case reflect.Pointer:
		s.kind, s.elem = aPointer, shapeOf(t.Elem(), known)
	case reflect.String:
		s.kind = aString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.kind = anInt
	case reflect.Float32, reflect.Float64:
		s.kind = aFloat
	case reflect.Bool:
		s.kind = aBool
	case reflect.Interface:
		s.kind = anything
	default:
		panic("strictjson: cannot read into " + t.String())
	}
	return s
}

// fieldsOf gathers a struct's fields by their JSON names, embedded structs'
// fields among them.
func fieldsOf(t reflect.Type, known map[reflect.Type]*shape) map[string]field {
	fields := make(map[string]field)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || (f.Anonymous && name == "") {
			continue
		}
		if name == "" {
			panic("strictjson: " + t.String() + "." + f.Name + " has no JSON name")
		}
		if _, twice := fields[name]; twice || len(fields) == 64 {
			panic("strictjson: " + t.String() + " has " + name + " twice, or over 64 fields")
		}
		fields[name] = field{bit: 1 << len(fields), index: f.Index, shape: shapeOf(f.Type, known)}
	}
	return fields
}
