package strictjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"touchgate.dev/touch"
)

// reader walks over one document.
type reader struct {
	data  []byte
	pos   int
	depth int
}

func (r *reader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the first byte of the next token, 0 at the end.
func (r *reader) peek() byte {
	r.space()
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

// value reads the next value into v.
func (r *reader) value(s *shape, v reflect.Value) *fault {
	c := r.peek()
	if c == 'n' && s.kind != aRaw {
		return r.word("null")
	}
	switch s.kind {
	case aStruct:
		return r.object(c, s, v)
	case aMap, aTextMap:
		return r.mapping(c, s, v)
	case aSlice:
		return r.slice(c, s, v)
	case aPointer:
		if v.IsNil() {
			v.Set(reflect.New(s.elem.typ))
		}
		return r.value(s.elem, v.Elem())
	case aString, aText:
		return r.text(c, s, v)
	case anInt, aFloat:
		return r.numeric(c, s, v)
	case aBool:
		b, err := r.boolean(c)
		v.SetBool(b)
		return err
	case aRaw:
		start := r.pos
		if err := r.skip(); err != nil {
			return err
		}
		v.SetBytes(r.data[start:r.pos])
		return nil
	}
	x, err := r.any()
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

// object reads a struct.
func (r *reader) object(c byte, s *shape, v reflect.Value) *fault {
	if c != '{' {
		return r.fault("must be an object")
	}
	var seen uint64
	return r.members(func(raw []byte, escaped bool) *fault {
		f, ok := s.fields[string(raw)] // no allocation
		if !ok || escaped {
			return r.fault("is not a field here").within(shorten(string(raw)))
		}
		if seen&f.bit != 0 {
			return r.fault("is given twice").within(string(raw))
		}
		seen |= f.bit
		at := v
		if len(f.index) == 1 {
			at = v.Field(f.index[0])
		} else {
			at = v.FieldByIndex(f.index)
		}
		if err := r.value(f.shape, at); err != nil {
			return err.within(string(raw))
		}
		return nil
	})
}

// members walks over an object's members: each gets the name as it stands
// between the quotes, and reads the value.
func (r *reader) members(each func(name []byte, escaped bool) *fault) *fault {
	if err := r.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		c := r.peek()
		if c == '}' && first {
			break
		}
		if c != '"' {
			return r.fault("a name in quotes was expected")
		}
		name, escaped, err := r.quoted()
		if err != nil {
			return err
		}
		if r.peek() != ':' {
			return r.fault("a colon was expected after a name")
		}
		r.pos++
		if err := each(name, escaped); err != nil {
			return err
		}
		if c = r.peek(); c == '}' {
			break
		}
		if c != ',' {
			return r.fault("a comma or the end of the object was expected")
		}
		r.pos++
	}
	r.leave()
	return nil
}

// elements walks over an array; each reads one element.
func (r *reader) elements(each func(i int) *fault) *fault {
	if err := r.enter(); err != nil {
		return err
	}
	if r.peek() == ']' {
		r.leave()
		return nil
	}
	for i := 0; ; i++ {
		if err := each(i); err != nil {
			return err.within("[" + strconv.Itoa(i) + "]")
		}
		switch r.peek() {
		case ']':
			r.leave()
			return nil
		case ',':
			r.pos++
		default:
			return r.fault("a comma or the end of the list was expected")
		}
	}
}

func (r *reader) enter() *fault {
	if r.depth++; r.depth > MaxDepth {
		return r.fault("the document nests too deep")
	}
	r.pos++
	return nil
}

func (r *reader) leave() { r.depth--; r.pos++ }

func (r *reader) mapping(c byte, s *shape, v reflect.Value) *fault {
	if c != '{' {
		return r.fault("must be an object")
	}
	texts := map[string]string{}
	if s.kind == aMap {
		v.Set(reflect.MakeMap(s.typ))
	}
	err := r.members(func(raw []byte, escaped bool) *fault {
		name, err := r.name(raw, escaped)
		if err != nil {
			return err
		}
		twice := false
		if s.kind == aTextMap {
			_, twice = texts[name]
		} else {
			twice = v.MapIndex(reflect.ValueOf(name).Convert(s.typ.Key())).IsValid()
		}
		if twice {
			return r.fault("is given twice").within(shorten(name))
		}
		if s.kind == aTextMap {
			texts[name], err = r.plain(r.peek())
		} else {
			elem := reflect.New(s.elem.typ).Elem()
			err = r.value(s.elem, elem)
			v.SetMapIndex(reflect.ValueOf(name).Convert(s.typ.Key()), elem)
		}
		if err != nil {
			return err.within(shorten(name))
		}
		return nil
	})
	if s.kind == aTextMap {
		v.Set(reflect.ValueOf(texts))
	}
	return err
}

func (r *reader) slice(c byte, s *shape, v reflect.Value) *fault {
	if c != '[' {
		return r.fault("must be a list")
	}
	v.Set(reflect.MakeSlice(s.typ, 0, 2))
	return r.elements(func(i int) *fault {
		v.Grow(1)
		v.SetLen(i + 1)
		v.Index(i).SetZero()
		return r.value(s.elem, v.Index(i))
	})
}

// text reads a string, or what unmarshals itself from one.
func (r *reader) text(c byte, s *shape, v reflect.Value) *fault {
	str, err := r.plain(c)
	if err != nil {
		return err
	}
	if s.kind == aString {
		v.SetString(str)
		return nil
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(str)); err != nil {
		if known, ok := err.(*touch.Error); ok {
			return r.fault(known.Message)
		}
		return r.fault("is not a " + nameOf(s.typ))
	}
	return nil
}

func nameOf(t reflect.Type) string {
	if t.String() == "time.Time" {
		return "time: write RFC 3339, like 2026-11-21T09:00:00+08:00"
	}
	return strings.ToLower(t.Name())
}

// plain reads a string.
func (r *reader) plain(c byte) (string, *fault) {
	if c != '"' {
		return "", r.fault("must be a string")
	}
	raw, escaped, err := r.quoted()
	if err != nil {
		return "", err
	}
	return r.name(raw, escaped)
}

// name gives the text of what stood between quotes.
func (r *reader) name(raw []byte, escaped bool) (string, *fault) {
	if !escaped {
		return string(raw), nil
	}
	var s string
	if json.Unmarshal([]byte(`"`+string(raw)+`"`), &s) != nil {
		return "", r.fault("the string holds a broken escape")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return "", r.fault("the string holds a NUL character")
	}
	return s, nil
}

// quoted passes over a string and gives what stands between its quotes.
func (r *reader) quoted() (raw []byte, escaped bool, _ *fault) {
	start, ascii := r.pos+1, true
	for i := start; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			r.pos = i + 1
			raw = r.data[start:i]
			if !ascii && !utf8.Valid(raw) {
				return nil, false, r.fault("the string is not UTF-8")
			}
			return raw, escaped, nil
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return nil, false, r.fault("the string holds a control character")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false, r.fault("the document ends within a string")
}

// shorten keeps a name of the sender's own making within an error's bounds.
func shorten(name string) string {
	if len(name) > 64 {
		return strings.ToValidUTF8(name[:64], "") + "…"
	}
	return name
}
