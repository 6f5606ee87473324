package replay

import (
	"cmp"
	"fmt"
	"slices"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// RecordedDecision is a recorded verdict with everything that is needed to
// evaluate the case again.
type RecordedDecision struct {
	Touch   touch.ID      `json:"id"`
	Case    Case          `json:"case"`
	Verdict touch.Verdict `json:"verdict"` // as it was recorded
	// Policies are the documents in force then, by file name. The verdict has
	// their hash.
	Policies map[string]string `json:"policies"`
	// InFlight are contacts made in the minutes after the decision. Some of
	// them had a reservation already when the decision was made. The record
	// does not name those; only the counts in its findings include them.
	InFlight []Contact `json:"in_flight,omitempty"`
	// CustomerVersion is the version of Case.Customer. Verdict.Customer is the
	// version that the verdict was made with.
	CustomerVersion int64 `json:"customer_version"`
}

// Replay evaluates the decision again and compares the verdicts: the documents'
// hash, the decision, its instant and the rule that decided; and of each
// recorded finding the decision, the excuse, the count and the limit. It
// returns an error when the documents do not compile.
func (d *RecordedDecision) Replay(o ruleset.Options) (*Comparison, error) {
	o.Stored = true
	set, err := ruleset.Compile(d.sources(), o)
	if err != nil {
		return nil, err
	}

	// The record does not say how many contacts were in flight. Take as few as
	// make the verdicts equal; where no number does, report the differences
	// without any.
	c := d.compareWith(set, 0)
	for n := 1; n <= len(d.InFlight) && len(c.Differences) > 0; n++ {
		again := d.compareWith(set, n)
		if len(again.Differences) == 0 {
			again.caveat("%d contacts made just after count as in flight, because the findings counted so many", n)
			c = again
		}
	}

	if d.Verdict.Customer != d.CustomerVersion {
		c.caveat("the customer's facts have changed since (version %d then, %d now): consents, outcomes and lists "+
			"are read as of then by their dates, the profile as it is now", d.Verdict.Customer, d.CustomerVersion)
	}
	c.Same = len(c.Differences) == 0
	return c, nil
}

// sources returns the documents sorted by name, as the gateway compiled them.
func (d *RecordedDecision) sources() []ruleset.Source {
	sources := make([]ruleset.Source, 0, len(d.Policies))
	for name, text := range d.Policies {
		sources = append(sources, ruleset.Source{Name: name, Data: []byte(text)})
	}
	slices.SortFunc(sources, func(a, b ruleset.Source) int { return cmp.Compare(a.Name, b.Name) })
	return sources
}

// compareWith evaluates the case with the first n contacts in flight counted as
// reserved, and compares.
func (d *RecordedDecision) compareWith(set *ruleset.Set, n int) *Comparison {
	question := d.Case
	question.Contacts = slices.Clone(question.Contacts)
	for _, k := range d.InFlight[:n] {
		k.pending = true
		question.Contacts = append(question.Contacts, k)
	}

	c := &Comparison{Verdict: question.Evaluate(set)}
	recorded := d.Verdict
	c.withoutRank(&recorded)
	c.compare(&recorded, &c.Verdict)
	return c
}

// withoutRank removes the finding of a ranked cap that reserved room for
// another touch. The record does not contain that touch, so the finding cannot
// be evaluated again; the rest of the verdict can.
func (c *Comparison) withoutRank(recorded *touch.Verdict) {
	k := slices.IndexFunc(recorded.Findings, func(f touch.Finding) bool { return f.Kind == ruleset.KindRank })
	if k < 0 {
		return
	}
	rule := recorded.Findings[k].Rule
	c.caveat("%s reserved room for a touch of higher priority that this record does not contain: "+
		"its finding is taken as recorded", rule)
	recorded.Findings = slices.Delete(slices.Clone(recorded.Findings), k, k+1)
	if recorded.Rule == rule {
		recorded.Decision = c.Verdict.Decision
		recorded.Rule = c.Verdict.Rule
		recorded.Until = c.Verdict.Until
	}
}

// caveat adds a sentence to the caveats.
func (c *Comparison) caveat(format string, args ...any) {
	c.Caveats = append(c.Caveats, fmt.Sprintf(format, args...))
}
