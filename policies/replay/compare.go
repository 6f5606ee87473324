package replay

import (
	"fmt"
	"slices"
	"time"

	"touchgate.dev/touch"
)

// Comparison is the result of a replay.
type Comparison struct {
	Same    bool          // there are no differences
	Verdict touch.Verdict // of the replay
	// Differences has one sentence for each thing that is not as recorded.
	Differences []string
	// Caveats has one sentence for each thing that could not be restored as it
	// was at the time of the decision.
	Caveats []string
}

// compare adds a difference for each thing that the verdicts disagree on.
func (c *Comparison) compare(recorded, now *touch.Verdict) {
	differ := func(what string, a, b any) {
		if a != b {
			c.Differences = append(c.Differences, fmt.Sprintf("%s: recorded %v, now %v", what, a, b))
		}
	}
	differ("policies", recorded.Policy, now.Policy)
	differ("decision", recorded.Decision, now.Decision)
	differ("rule", recorded.Rule, now.Rule)
	differ("until", instant(recorded.Until), instant(now.Until))

	for i := range recorded.Findings {
		old := &recorded.Findings[i]
		k := slices.IndexFunc(now.Findings, func(f touch.Finding) bool { return f.Rule == old.Rule })
		if k < 0 {
			c.Differences = append(c.Differences,
				fmt.Sprintf("%s: recorded %s, now without a finding", old.Rule, old.Decision))
			continue
		}
		found := &now.Findings[k]
		differ(old.Rule, old.Decision, found.Decision)
		differ(old.Rule+" excused", old.Excused, found.Excused)
		// The record of an allowed cap has no count: the contact log answers
		// a reservation with yes or no.
		if old.Decision != touch.DecisionAllow {
			differ(old.Rule+" counted", counted(old), counted(found))
		}
	}
}

func counted(f *touch.Finding) string { return fmt.Sprintf("%d of %d", f.Count, f.Limit) }

func instant(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339Nano)
}
