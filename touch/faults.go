package touch

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one mistake in an input: in a field of a request, a line of a policy
// document or a setting.
type Fault struct {
	File    string `json:"file"`           // "" if the input is not a file
	Line    int    `json:"line,omitempty"` // from 1; 0 is the file as a whole
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // how to correct it

	// Field is the path of the field or setting, for example "plan[0].channel".
	Field string `json:"-"`
	// Class is the class of the error. "" means Invalid.
	Class ErrorClass `json:"-"`
}

// String returns "file:line: field: message (hint)", without the parts that are
// empty.
func (f Fault) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	}
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	b.WriteString(f.Message)
	if f.Hint != "" {
		b.WriteString(" (" + f.Hint + ")")
	}
	return b.String()
}

// err returns the fault as an error with a class.
func (f Fault) err() *Error {
	class := f.Class
	if class == "" {
		class = Invalid
	}
	return &Error{Class: class, Field: f.Field, Message: f.Message}
}

// Faults is every mistake in one input, so that its author can correct them all
// at once. It is an error whose class is that of the first fault.
//
// An empty list is not an error. So a function returns faults.Err() and not the
// list: an empty list as an error would not be nil.
type Faults []Fault

// FaultsOf returns err as a list of faults: the Faults in its chain, or the first
// Error there as a list of one. Any other error becomes one fault of class
// Internal without the error's text, which may hold a secret. FaultsOf returns
// nil if err is nil.
func FaultsOf(err error) Faults {
	if err == nil {
		return nil
	}
	var all Faults
	if errors.As(err, &all) {
		return all
	}
	var one *Error
	if errors.As(err, &one) {
		return Faults{{Class: one.Class, Field: one.Field, Message: one.Message}}
	}
	return Faults{{Class: Internal, Message: "An error of ours."}}
}

// Error implements error. Each fault in a file has a line of its own. Faults in
// fields are on one line, with "; " between them.
func (f Faults) Error() string {
	separator := "; "
	texts := make([]string, len(f))
	for i := range f {
		texts[i] = f[i].String()
		if f[i].File != "" {
			separator = "\n"
		}
	}
	return strings.Join(texts, separator)
}

// Unwrap returns the first fault as an Error, so that ClassOf finds its class.
func (f Faults) Unwrap() error {
	if len(f) == 0 {
		return nil
	}
	return f[0].err()
}

// Err returns f as an error. It returns nil if the list is empty.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Add appends a fault of class Invalid in the field. The message is formatted as
// fmt.Sprintf does.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, Fault{Field: field, Message: fmt.Sprintf(format, args...)})
}

// In returns the faults of entry i of a list as faults of the whole input: a
// fault in the field "at" of entry 2 of "consents" becomes a fault in the field
// "consents[2].at". f itself does not change.
func (f Faults) In(list string, i int) Faults {
	moved := make(Faults, len(f))
	for k, one := range f {
		path := fmt.Sprintf("%s[%d]", list, i)
		if one.Field != "" {
			path += "." + one.Field
		}
		one.Field = path
		moved[k] = one
	}
	return moved
}
