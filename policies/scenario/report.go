package scenario

import (
	"fmt"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Report has the results of all touch steps of a file, in order.
type Report struct {
	File  *File
	Steps []StepResult
	// Decided are the ids of the rules that decided a step, or took its contact
	// out of the counts.
	Decided map[string]bool
}

// StepResult is the answer to one touch step.
type StepResult struct {
	Number  int // of the step in the file, from 1
	Step    Step
	Verdict touch.Verdict
	OK      bool // the verdict is the expected one

	zone *time.Location // in which instants are printed
}

// Differs returns the steps whose answer is not the expected one.
func (r *Report) Differs() []StepResult {
	var out []StepResult
	for _, s := range r.Steps {
		if !s.OK {
			out = append(out, s)
		}
	}
	return out
}

// Undecided lists the rules of a set that decided no step of any of the reports:
// without them every answer would have been the same. Rules that are recorded only
// cannot decide.
func Undecided(rules []string, reports ...*Report) []string {
	var idle []string
	for _, rule := range rules {
		decided := func(r *Report) bool { return r.Decided[rule] }
		if !slices.ContainsFunc(reports, decided) {
			idle = append(idle, rule)
		}
	}
	return idle
}

// String returns one line with the expected and the actual answer. Instants are
// those of the customers' clocks.
func (r StepResult) String() string {
	mark := "ok  "
	if !r.OK {
		mark = "DIFF"
	}
	want := r.Step.Expect
	zone := r.zone
	if zone == nil {
		zone = r.Step.At.Location()
	}
	if !r.Step.Until.IsZero() {
		want += " until " + r.Step.Until.In(zone).Format(time.RFC3339)
	}
	got := string(r.Verdict.Decision)
	if !r.Verdict.Until.IsZero() {
		got += " until " + r.Verdict.Until.In(zone).Format("2006-01-02T15:04:05.999Z07:00")
	}
	if r.Verdict.Rule != "" {
		got += " by " + r.Verdict.Rule
	}
	return fmt.Sprintf("%s step %d %s %s %s %s %s: expected %s, got %s (%s)",
		mark, r.Number, r.Step.At.Format(time.RFC3339), r.Step.Customer, r.Step.Channel, r.Step.Category,
		r.Step.Subject, want, got, r.Step.Why)
}

// matches reports whether a verdict is the expected one.
//
// "deny" stands where the law does not say when the touch becomes lawful; the
// engine may know it and defer. Files count in whole seconds. A contact that
// still counts at its full age delays the first lawful instant by a millisecond,
// so a deferral may differ from the file by less than a second.
func matches(s Step, v touch.Verdict) bool {
	switch s.Expect {
	case "allow":
		return v.Decision == touch.DecisionAllow
	case "defer":
		return v.Decision == touch.DecisionDefer && v.Until.Sub(s.Until).Abs() < time.Second
	}
	return v.Decision != touch.DecisionAllow
}
