package gateway

import (
	"fmt"
	"strings"

	"touchgate.dev/touch"
)

// Faults is everything that is wrong with one input, each with its field.
type Faults []*touch.Error

// Error implements error.
func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, e := range f {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap makes the faults findable; the first gives the class.
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, e := range f {
		errs[i] = e
	}
	return errs
}

// err is f as an error: nil when nothing is wrong.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// add notes a fault of class Invalid.
func (f *Faults) add(field, format string, args ...any) {
	*f = append(*f, touch.Errorf(touch.Invalid, field, format, args...))
}

// In puts a list's name and a place in it before each fault's field.
func (f Faults) In(list string, i int) Faults {
	moved := make(Faults, len(f))
	for k, e := range f {
		at := *e
		at.Field = fmt.Sprintf("%s[%d]", list, i)
		if e.Field != "" {
			at.Field += "." + e.Field
		}
		moved[k] = &at
	}
	return moved
}
