package ruleset

import (
	"fmt"
	"strings"

	"touchgate.dev/policies/cond"
)

// Reference is the reference of the policy language in Markdown, made from the
// declarations in the code.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	writeSpans(&b)
	b.WriteString("\n## Kinds of rules\n")
	for _, k := range kinds() {
		fmt.Fprintf(&b, "\n### %s\n\n%s Otherwise: %s.\n\n```yaml\n  - %s\n```\n", k.key, k.about, k.decide, k.example)
	}
	b.WriteString(referenceCounts)
	b.WriteString(referenceConditions)
	b.WriteString(cond.Reference())
	writeCalendars(&b)
	writeWords(&b)
	b.WriteString(referenceScenarios)
	return b.String()
}

const referenceConditions = `
## Conditions

Conditions are CEL: ` + "`==  !=  <  <=  >  >=  &&  ||  !  in  +`" + ` and the names below. They have no loops.

`
