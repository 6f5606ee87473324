package policies

import (
	"fmt"
	"strings"

	"touchgate.dev/touch"
)

// Fault is one thing that is wrong in a document.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// String is "file:line: message (hint)".
func (f Fault) String() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	s += ": " + f.Message
	if f.Hint != "" {
		s += " (" + f.Hint + ")"
	}
	return s
}

// Faults is everything that is wrong in a set of documents, by file and line.
// Its class is Invalid.
type Faults struct{ List []Fault }

// Error implements error: a fault a line.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, one := range f.List {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults their class.
func (f *Faults) Unwrap() error {
	return touch.Errorf(touch.Invalid, "policies", "%d faults in the policy documents", len(f.List))
}
