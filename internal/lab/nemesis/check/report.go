package check

import "fmt"

// Report counts what a run kept and broke. The JSON names are what `nemesis
// --json` prints.
type Report struct {
	Touches  int `json:"touches"`  // submitted
	Accepted int `json:"accepted"` // an answer took responsibility for them
	Messages int `json:"messages"` // received by vendors
	Lost     int `json:"lost"`
	// Duplicated counts second messages for one leg. Allowed are those of them
	// that the rules permit: sent again after an unknown outcome, by a vendor
	// that is not idempotent. The others break the promise.
	Duplicated  int            `json:"duplicated"`
	Allowed     int            `json:"duplicated_allowed"`
	Unknown     int            `json:"unknown_outcomes"`
	Resendable  int            `json:"unknown_outcomes_resendable"` // of urgent touches that are not marketing
	OverCap     int            `json:"over_cap"`
	CapsChecked int            `json:"cap_windows_checked"`
	Quiet       int            `json:"sent_in_quiet_hours"`
	AfterStop   int            `json:"sent_after_stop"`
	Resume      []Resume       `json:"resume"`
	Examples    []string       `json:"examples,omitempty"` // of violations
	States      map[string]int `json:"states"`
	// IdempotentDups counts second messages at idempotent vendors.
	IdempotentDups int `json:"duplicated_idempotent"`
}

// maxExamples limits how many violations a report describes.
const maxExamples = 40

// Good reports whether every promise was kept.
func (r *Report) Good() bool {
	return r.Lost == 0 && r.Duplicated == r.Allowed && r.OverCap == 0 && r.Quiet == 0 && r.AfterStop == 0
}

// violation counts a broken promise and describes it, unless there are enough
// examples.
func (r *Report) violation(count *int, format string, args ...any) {
	*count++
	if len(r.Examples) < maxExamples {
		r.Examples = append(r.Examples, fmt.Sprintf(format, args...))
	}
}
