package policies

import (
	"fmt"
	"math"
	"slices"
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

// didYouMean names the nearest of known, or all of them where none is near.
func didYouMean(word string, known []string) string {
	best, least := "", math.MaxInt
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if least <= 1+len(word)/3 {
		return "did you mean " + best + "?"
	}
	known = slices.Clone(known)
	slices.Sort(known)
	return "known: " + strings.Join(known, ", ")
}

// distance counts the letters to add, drop, change or swap between a and b.
func distance(a, b string) int {
	prev2, prev, cur := []int(nil), make([]int, len(b)+1), []int(nil)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur = make([]int, len(b)+1)
		cur[0] = i + 1
		for j := range len(b) {
			change := prev[j]
			if a[i] != b[j] {
				change++
			}
			cur[j+1] = min(change, prev[j+1]+1, cur[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cur[j+1] = min(cur[j+1], prev2[j-1]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(b)]
}
