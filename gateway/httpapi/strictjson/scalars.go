package strictjson

import (
	"bytes"
	"reflect"
	"strconv"
)

func (r *reader) numeric(c byte, s *shape, v reflect.Value) *fault {
	raw, err := r.number(c)
	if err != nil {
		return err
	}
	if s.kind == aFloat {
		f, bad := strconv.ParseFloat(string(raw), 64)
		if bad != nil {
			return r.fault("is out of range")
		}
		v.SetFloat(f)
		return nil
	}
	n, bad := strconv.ParseInt(string(raw), 10, 64)
	if bad != nil || v.OverflowInt(n) {
		return r.fault("must be a whole number")
	}
	v.SetInt(n)
	return nil
}

// number passes over a number by JSON's grammar.
func (r *reader) number(c byte) ([]byte, *fault) {
	start := r.pos
	if c == '-' {
		r.pos++
	}
	switch {
	case r.at('0'):
		r.pos++
	case r.digits() == 0:
		r.pos = start
		return nil, r.fault("must be a number")
	}
	if r.at('.') {
		if r.pos++; r.digits() == 0 {
			return nil, r.fault("is a broken number")
		}
	}
	if r.at('e') || r.at('E') {
		if r.pos++; r.at('+') || r.at('-') {
			r.pos++
		}
		if r.digits() == 0 {
			return nil, r.fault("is a broken number")
		}
	}
	return r.data[start:r.pos], nil
}

func (r *reader) at(c byte) bool { return r.pos < len(r.data) && r.data[r.pos] == c }

func (r *reader) digits() (n int) {
	for ; r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9'; r.pos++ {
		n++
	}
	return n
}

func (r *reader) boolean(c byte) (bool, *fault) {
	switch c {
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	}
	return false, r.fault("must be true or false")
}

func (r *reader) word(w string) *fault {
	if !bytes.HasPrefix(r.data[r.pos:], []byte(w)) {
		return r.fault("a value was expected")
	}
	r.pos += len(w)
	return nil
}

// any reads a value of any shape as encoding/json would.
func (r *reader) any() (any, *fault) {
	switch c := r.peek(); c {
	case '{':
		m := map[string]any{}
		return m, r.members(func(raw []byte, escaped bool) *fault {
			name, err := r.name(raw, escaped)
			if err != nil {
				return err
			}
			if _, twice := m[name]; twice {
				return r.fault("is given twice").within(shorten(name))
			}
			if m[name], err = r.any(); err != nil {
				return err.within(shorten(name))
			}
			return nil
		})
	case '[':
		list := []any{}
		return list, r.elements(func(int) *fault {
			x, err := r.any()
			list = append(list, x)
			return err
		})
	case '"':
		return r.plain(c)
	case 't', 'f':
		return r.boolean(c)
	case 'n':
		return nil, r.word("null")
	case 0:
		return nil, r.fault("the document ends too early")
	default:
		raw, err := r.number(c)
		if err != nil {
			return nil, err
		}
		f, bad := strconv.ParseFloat(string(raw), 64)
		if bad != nil {
			return nil, r.fault("is out of range")
		}
		return f, nil
	}
}

// skip passes over a value of any shape.
func (r *reader) skip() *fault {
	switch c := r.peek(); c {
	case '{':
		return r.members(func([]byte, bool) *fault { return r.skip() })
	case '[':
		return r.elements(func(int) *fault { return r.skip() })
	case '"':
		_, _, err := r.quoted()
		return err
	case 't', 'f':
		_, err := r.boolean(c)
		return err
	case 'n':
		return r.word("null")
	case 0:
		return r.fault("the document ends too early")
	default:
		_, err := r.number(c)
		return err
	}
}
