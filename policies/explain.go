package policies

import (
	"fmt"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Explain puts a verdict into plain words, a line for each finding, with times
// in the zone given. It names rules, counts and dates, and nothing personal.
func Explain(v touch.Verdict, zone *time.Location) string {
	var b strings.Builder
	when := func(t time.Time) string { return t.In(zone).Format("Mon 2006-01-02 15:04:05 MST") }
	switch v.Decision {
	case touch.DecisionAllow:
		fmt.Fprintf(&b, "%s may be contacted at %s.\n", v.Channel, when(v.At))
	case touch.DecisionDefer:
		fmt.Fprintf(&b, "%s must wait until %s (asked at %s); %s decided.\n", v.Channel, when(v.Until), when(v.At), v.Rule)
	default:
		fmt.Fprintf(&b, "%s is refused at %s; %s decided.\n", v.Channel, when(v.At), v.Rule)
	}
	if v.Policy != "" {
		fmt.Fprintf(&b, "Policies %s, customer version %d.\n", v.Policy, v.Customer)
	}
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "  %-6s %s (%s)", f.Decision, f.Rule, f.Kind)
		if f.Reason != "" {
			b.WriteString(": " + f.Reason)
		}
		if f.Limit > 0 {
			fmt.Fprintf(&b, "; counted %d of %d", f.Count, f.Limit)
		}
		if !f.Since.IsZero() {
			b.WriteString(" since " + when(f.Since))
		}
		if !f.Until.IsZero() {
			b.WriteString("; alone it would allow from " + when(f.Until))
		}
		if f.Excused {
			b.WriteString("; excused")
		}
		if f.Evidence != "" {
			b.WriteString("; evidence: " + f.Evidence)
		}
		if f.Shadow {
			b.WriteString("; recorded only")
		}
		b.WriteByte('\n')
	}
	for _, d := range v.Obligations {
		fmt.Fprintf(&b, "  duty   %s\n", d)
	}
	return b.String()
}
