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
	for _, k := range kinds() {
		fmt.Fprintf(&b, "\n### %s\n\n%s Otherwise: %s.\n\n```yaml\n  - %s\n```\n", k.key, k.about, k.decide, k.example)
	}
	b.WriteString(referenceConditions)
	b.WriteString(cond.Reference())
	return b.String()
}

const referenceHead = `# The policy language

A policy is a YAML file. Every rule that applies to a leg of a touch is judged,
every finding is kept, and the strictest decision stands: refuse over defer over
allow. A deferral names the first instant at which all rules hold together.
Unknown keys, wrong types and contradictions are faults with file and line, all
at once, and the running set stays as it was.

` + "```yaml" + `
policy: house                      # its name, and the beginning of its rules' ids
title: House rules                 # also: description, source, version, owner
zone: customer                     # or one zone for all, such as Asia/Kolkata
unknown_zone: [Europe/Paris]       # where a customer may be of whom no zone is known; the strictest counts
calendar: fr                       # holidays: one that ships, or a calendar file beside the policy
holidays: [2026-12-24]             # more of them
week_starts: mon
jurisdictions: [fr]                # binds customers who live there, and those of whom it is not known
floor: false                       # true: cannot be waived, shadowed or signed off
from: 2026-01-01                   # in force from this day on, until the day before the other
until: 2027-01-01
rules:
  - {id: night, when: category == "marketing", hours: {mon-fri: ["09:00-20:00"]}, unless: consented("marketing:night")}
waivers:
  - {rule: night, by: Head of Risk, reason: storm warning, from: 2026-11-20, until: 2026-11-22}
` + "```" + `

Write a condition with commas in quotes: ` + "`when: 'channel in [\"sms\", \"push\"]'`" + `.

## What every rule may say

- ` + "`id`" + `: its name within the policy; ` + "`title`" + `: for readers
- ` + "`when`" + `: it applies where this condition holds, or where a fact is missing to know
- ` + "`unless`" + `: it is excused where this condition holds; a missing fact does not excuse
- ` + "`else`" + `: defer or refuse
- ` + "`from`, `until`" + `: a date in the customer's zone, or an instant
- ` + "`shadow: true`" + `: recorded, not enforced
- ` + "`presumption`" + `: true, until a named person has signed it off: ` + "`{signed_by, on, reason, until}`" + `

## Spans

- ` + "`90s 15m 72h 7d`" + `: absolute time, the same whatever the clocks do; a contact exactly that old still counts
- ` + "`7 days`, `2 weeks`, `1 month`, `1 year`" + `: dates in the customer's zone, the first being the contact's own
- ` + "`60 full days`" + `: dates, the contact's own not counted
- ` + "`10 business days`" + `: by the policy's calendar
- ` + "`day`, `week`, `month`, `year`, `2 calendar weeks`" + `: units of the calendar
- ` + "`forever`" + `

## Kinds of rules
`

const referenceConditions = `
## Conditions

Conditions are CEL: ` + "`==  !=  <  <=  >  >=  &&  ||  !  in  +`" + ` and the names below. They have no loops.

`
