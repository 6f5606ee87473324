package replay

import (
	"fmt"
	"slices"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// RecordedDecision is a recorded verdict with what it can be judged again from.
type RecordedDecision struct {
	Touch   touch.ID      `json:"id"`
	Case    Case          `json:"case"`
	Verdict touch.Verdict `json:"verdict"` // as it was recorded
	// Policies are the documents in force then, by file name: those whose
	// hash the verdict carries.
	Policies map[string]string `json:"policies"`
	// InFlight are contacts that were made in the minutes after: some of them
	// held their place already when this was decided, and the record of that
	// is only in the counts of the findings.
	InFlight []Contact `json:"in_flight,omitempty"`
	// CustomerVersion is that of Case.Customer; the verdict names the one
	// that it saw.
	CustomerVersion int64 `json:"customer_version"`
}

// ReadDecision reads a decision, as strictly as ReadCase.
func ReadDecision(data []byte) (*RecordedDecision, error) {
	var d RecordedDecision
	if err := decode(data, &d); err != nil {
		return nil, err
	}
	return &d, d.Case.check()
}

// Comparison is what came of judging a decision again.
type Comparison struct {
	Same    bool
	Verdict touch.Verdict // of now
	// Differences are in words, one for each thing that is not as recorded.
	Differences []string
	// Reservations say what could not be put as it was.
	Reservations []string
}

// Replay judges the decision again and compares: the documents' hash, the
// decision, its instant, the rule that decided, and of each recorded finding
// the decision, the excuse, the count and the limit. An error says that the
// documents do not compile.
func (d *RecordedDecision) Replay(o policies.Options) (*Comparison, error) {
	sources := make([]policies.Source, 0, len(d.Policies))
	for name, text := range d.Policies {
		sources = append(sources, policies.Source{Name: name, Data: []byte(text)})
	}
	slices.SortFunc(sources, func(a, b policies.Source) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	set, err := policies.Compile(sources, o)
	if err != nil {
		return nil, err
	}
	c := d.judge(set, 0)
	for n := 1; n <= len(d.InFlight) && len(c.Differences) > 0; n++ {
		if again := d.judge(set, n); len(again.Differences) == 0 {
			again.Reservations = append(again.Reservations, fmt.Sprintf(
				"%d contacts made just after count as in flight, as the findings say that so many were counted", n))
			c = again
		}
	}
	if d.Verdict.Customer != d.CustomerVersion {
		c.Reservations = append(c.Reservations, fmt.Sprintf(
			"the customer's facts have changed since (version %d then, %d now): consents, outcomes and lists are read as of then by their dates, the profile as it is now",
			d.Verdict.Customer, d.CustomerVersion))
	}
	c.Same = len(c.Differences) == 0
	return c, nil
}

// judge compares with the first n contacts in flight.
func (d *RecordedDecision) judge(set *policies.Set, n int) *Comparison {
	question := d.Case
	for _, k := range d.InFlight[:n] {
		k.pending = true
		question.Contacts = append(question.Contacts[:len(question.Contacts):len(question.Contacts)], k)
	}
	c := &Comparison{Verdict: question.Judge(set)}
	then := d.Verdict
	if k := slices.IndexFunc(then.Findings, func(f touch.Finding) bool { return f.Kind == policies.KindRank }); k >= 0 {
		f := &then.Findings[k]
		c.Reservations = append(c.Reservations, fmt.Sprintf(
			"%s kept a place for a touch of higher priority, which this record does not hold: its finding is taken as recorded", f.Rule))
		then.Findings = slices.Delete(slices.Clone(then.Findings), k, k+1)
		if then.Rule == f.Rule {
			then.Decision, then.Rule, then.Until = c.Verdict.Decision, c.Verdict.Rule, c.Verdict.Until
		}
	}
	c.compare(&then, &c.Verdict)
	return c
}

func (c *Comparison) compare(then, now *touch.Verdict) {
	differ := func(what string, a, b any) {
		if a != b {
			c.Differences = append(c.Differences, fmt.Sprintf("%s: recorded %v, now %v", what, a, b))
		}
	}
	differ("policies", then.Policy, now.Policy)
	differ("decision", then.Decision, now.Decision)
	differ("rule", then.Rule, now.Rule)
	differ("until", instant(then.Until), instant(now.Until))
	for i := range then.Findings {
		f := &then.Findings[i]
		k := slices.IndexFunc(now.Findings, func(g touch.Finding) bool { return g.Rule == f.Rule })
		if k < 0 {
			c.Differences = append(c.Differences, fmt.Sprintf("%s: recorded %s, now without a finding", f.Rule, f.Decision))
			continue
		}
		g := &now.Findings[k]
		differ(f.Rule, f.Decision, g.Decision)
		differ(f.Rule+" excused", f.Excused, g.Excused)
		// An allowed cap is recorded as it was put to the log, which answers
		// with yes and no number.
		if f.Decision != touch.DecisionAllow {
			differ(f.Rule+" counted", fmt.Sprintf("%d of %d", f.Count, f.Limit), fmt.Sprintf("%d of %d", g.Count, g.Limit))
		}
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339Nano)
}
