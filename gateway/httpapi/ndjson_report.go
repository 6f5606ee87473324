package httpapi

import (
	"slices"

	"touchgate.dev/touch"
)

// chunkReport is the answer to one chunk of a stream and, with Done set, to
// all of it.
type chunkReport struct {
	LineFrom int  `json:"line_from,omitempty"`
	LineTo   int  `json:"line_to,omitempty"`
	Done     bool `json:"done,omitempty"`
	// Lines counts the lines read, without empty ones.
	Lines int `json:"lines"`
	// Accepted counts new values; of these, Deferred wait for a later time.
	Accepted int `json:"accepted"`
	Deferred int `json:"deferred,omitempty"`
	Repeated int `json:"repeated,omitempty"` // known already
	Refused  int `json:"refused,omitempty"`
	// Reasons counts the refused by rule.
	Reasons map[string]int `json:"reasons,omitempty"`
	Failed  int            `json:"failed,omitempty"` // lines that were wrong
	Errors  []lineError    `json:"errors,omitempty"`
	equal   equalFaults
	// Warnings name what was stored and is probably a slip, in the first lines
	// that have one.
	Warnings []lineError `json:"warnings,omitempty"`
	// Error says why the stream ended early. The lines from LineFrom on are
	// not known to be stored: send them again.
	Error *problem `json:"error,omitempty"`
}

type lineError struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	// More counts further lines of this chunk with the same fault, which are
	// not listed.
	More int `json:"more,omitempty"`
}

const (
	maxEqualFaults = 10 // of one chunk that are listed
	maxLineFaults  = 16 // of one line
)

// equalFaults finds, by field and message, the entry of the list in which a
// fault is counted once it has been listed often enough.
type equalFaults map[[2]string]*struct{ listed, last int }

// fail adds what is wrong with a line. Equal faults are counted and not all
// listed: a line of two bytes would get an answer of two hundred otherwise.
func (r *chunkReport) fail(lineNumber int, err error) {
	r.Failed++
	if r.equal == nil {
		r.equal = equalFaults{}
	}
	faults := touch.FaultsOf(err)
	for _, f := range faults[:min(len(faults), maxLineFaults)] {
		key := [2]string{f.Field, f.Message}
		known := r.equal[key]
		if known == nil {
			known = &struct{ listed, last int }{}
			r.equal[key] = known
		}
		if known.listed == maxEqualFaults {
			r.Errors[known.last].More++
			continue
		}
		known.listed++
		known.last = len(r.Errors)
		r.Errors = append(r.Errors, lineError{Line: lineNumber, Field: f.Field, Message: f.Message})
	}
}

// maxWarnings is how many warnings of one chunk are listed.
const maxWarnings = 20

// warn adds warnings about a line, as long as there are few.
func (r *chunkReport) warn(lineNumber int, warnings touch.Faults) {
	for _, w := range warnings {
		if len(r.Warnings) < maxWarnings {
			r.Warnings = append(r.Warnings, lineError{Line: lineNumber, Field: w.Field, Message: w.Message})
		}
	}
}

// splitBad adds the lines that could not be read to the report, and returns
// the others. They share the memory of lines.
func splitBad[T any](lines []line[T], r *chunkReport) (good []line[T]) {
	return slices.DeleteFunc(lines, func(l line[T]) bool {
		if l.err != nil {
			r.fail(l.number, l.err)
		}
		return l.err != nil
	})
}

// add sums a chunk's counts into a total.
func (r *chunkReport) add(c *chunkReport) {
	r.Lines += c.Lines
	r.Accepted += c.Accepted
	r.Deferred += c.Deferred
	r.Repeated += c.Repeated
	r.Refused += c.Refused
	r.Failed += c.Failed
	for rule, n := range c.Reasons {
		if r.Reasons == nil {
			r.Reasons = make(map[string]int)
		}
		r.Reasons[rule] += n
	}
}
