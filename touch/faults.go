package touch

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with what somebody wrote: a field of a
// request, a line of a policy document or a setting.
type Fault struct {
	File    string `json:"file"`           // "" outside of files
	Line    int    `json:"line,omitempty"` // in the file; 0 is the file as a whole
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // how to mend it

	// Field is the path of the field or setting, for example "plan[0].channel".
	Field string `json:"-"`
	// Class is Invalid where it is left empty.
	Class ErrorClass `json:"-"`
}

// String returns "file:line: field: message (hint)" without the parts that
// are empty.
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

// Faults is everything that is wrong with one input, so that whoever wrote it
// can mend all of it at once. Its class is that of the first fault. An empty
// list is not an error: return Err, not the list.
type Faults []Fault

// FaultsOf returns everything that err holds against an input: the Faults or
// the one Error in its chain. An error without a class becomes one fault of
// class Internal that does not show its text.
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

// Error implements error. Faults in files stand on lines of their own, faults
// in fields on one line.
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

// Unwrap returns the first fault as an Error, which has the class of them all.
func (f Faults) Unwrap() error {
	if len(f) == 0 {
		return nil
	}
	return f[0].err()
}

// Err returns f as an error, nil when nothing is wrong.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Add appends a fault of class Invalid in a field.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, Fault{Field: field, Message: fmt.Sprintf(format, args...)})
}

// In returns the faults of one entry of a list as faults of the whole input:
// the fault "at" of entry 2 of "consents" becomes "consents[2].at".
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
