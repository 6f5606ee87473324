package ruleset

const referenceHead = `# The policy language

A policy is a YAML file. Every rule that applies to a leg of a touch is judged,
every finding is kept, and the strictest decision stands: refuse over defer over
allow. Unknown keys, wrong types and contradictions are faults with file and line,
all at once, and the running set stays as it was. ` + "`touchgate policy check`" + ` warns
of what is doubtful besides. A set that is in force keeps working when a later
version of the program finds a new fault in it: the node logs it as a warning.

A deferral names the first instant at which all rules hold together, however far away
a single rule's instant is. Rules that give way to each other week after week are
followed for 400 days from the last far instant; if they do not meet by then, they
never do, and the touch is refused.

` + "```yaml" + `
policy: house                      # its name, and the beginning of its rules' ids
title: House rules                 # also: description, source, version, owner
zone: customer                     # or one zone for all, such as Asia/Kolkata
unknown_zone: [Europe/Paris]       # where a customer may be of whom no zone is known; the strictest counts
calendar: fr                       # holidays: one that ships, or a calendar file beside the policy
holidays: [2026-12-24]             # more of them, or a calendar of its own
week_starts: mon
jurisdictions: [fr]                # binds customers who live there, may live there, or of whom it is not known
floor: false                       # true: cannot be waived, shadowed or signed off
from: 2026-01-01                   # in force from this day on, until the day before the other
until: 2027-01-01
vocabulary: {scopes: [marketing:night]} # names of the bank's own: see below
rules:
  - {id: night, when: category == "marketing", hours: {mon-fri: ["09:00-20:00"]}, unless: consented("marketing:night")}
waivers:
  - {rule: night, by: Head of Risk, reason: storm warning, from: 2026-11-20, until: 2026-11-22}
` + "```" + `

Write a condition with commas or brackets in quotes: ` + "`when: 'channel in [\"sms\", \"push\"]'`" + `.

## What every rule may say

- ` + "`id`" + `: its name within the policy; ` + "`title`" + `: for readers
- ` + "`when`" + `: it applies where this condition holds, or where a fact is missing to know
- ` + "`unless`" + `: it is excused where this condition holds; a missing fact does not excuse
- ` + "`else`" + `: defer or refuse
- ` + "`from`, `until`" + `: a date in the customer's zone, or an instant
- ` + "`shadow: true`" + `: recorded, not enforced
- ` + "`presumption`" + `: true, until a named person has signed it off: ` + "`{signed_by, on, reason, until}`" + `
`

const referenceCounts = `
## What is counted

A cap counts the customer's contacts for which its whole condition (` + "`when`" + `) holds: their
category, channel, subject, campaign, caller and template. What a contact does not keep,
such as the priority or a fact about the customer, holds for every contact. A cool-down
begins with the outcomes of the same contacts; what an outcome does not say (a letter that
names no product) may be anything. There is one exception: an ` + "`opt_out`" + ` counts whatever it
answered, because who writes STOP under a statement wants no offers either.

` + "`of`" + ` takes over all of that: then the categories and channels count that it names, with any
subject, campaign, caller and template. What it leaves out counts in full, and ` + "`of: all`" + `
counts every contact.

` + "```yaml" + `
  - {id: once, when: category == "marketing" && subject == "consent-request", cap: {limit: 1, per: forever}, else: refuse}
  - {id: service, when: category == "service", cap: {limit: 6, per: 24h, of: {categories: [marketing, service]}}}
  - {id: rest, when: category == "marketing", cooldown: {after: [refused], for: 14 days, of: all}}
` + "```" + `

` + "`count`" + ` is how far a contact must have come. A stage counts those after it, too.

| stage | text, app | call |
|---|---|---|
| ` + "`attempts`" + ` | sent | dialled, or a task given to a manager |
| ` + "`delivered`" + ` | it arrived | it was taken |
| ` + "`connected`" + ` | the customer answered | it was taken and ended, for example abandoned |
| ` + "`conversations`" + ` | the outcome was a conversation, a refusal or a completed task | the same |

A contact whose outcome is not known yet counts as the strictest stage until it is: a
reservation, a message of which nothing was heard, a call that rings or has no outcome.
So five calls at once do not fit under a cap of three conversations. Known not to have
come further are messages that failed or arrived, and calls that nobody took, that were
abandoned or that had another outcome.

Stages may differ by channel or by method (` + "`voice`, `text`, `app`, `human`, `machine`" + `). A
channel's own name wins over its method; a channel that is not named counts attempts.

` + "```yaml" + `
  - {id: arrears, when: category == "collection", cap: {limit: 3, per: month, count: {text: attempts, voice: conversations}}}
` + "```" + `
`

const referenceScenarios = `
## Scenarios

` + "`touchgate policy test`" + ` plays scenarios (JSON): what happens, in order of time, and for each
touch the expected answer. It names steps that differ, rules that decided no step, and
names in steps that no rule reads. Keys that it does not know are passed over and named.

` + "```json" + `
{"id": "night", "title": "for readers, as source and rule", "time_zone": "Europe/Paris",
 "jurisdictions": ["fr"], "holidays": ["2026-12-24"], "steps": [
  {"at": "2026-03-02T10:00:00+01:00", "do": "customer", "customer": "c1", "tags": ["vip"]},
  {"at": "2026-03-02T10:00:00+01:00", "do": "consent", "customer": "c1", "scope": "marketing", "evidence": "form 7"},
  {"at": "2026-03-02T10:00:00+01:00", "do": "register", "customer": "c1", "scope": "national-dnc"},
  {"at": "2026-03-02T21:00:00+01:00", "do": "touch", "customer": "c1", "channel": "sms", "category": "marketing",
   "subject": "loan", "expect": "defer", "until": "2026-03-03T09:00:00+01:00", "why": "evening"},
  {"at": "2026-03-03T10:00:00+01:00", "do": "outcome", "customer": "c1", "channel": "sms", "subject": "loan", "outcome": "refused"}
]}
` + "```" + `

- ` + "`time_zone`" + ` is the customers' zone, ` + "`jurisdictions`" + ` where they live; ` + "`holidays`" + ` are added to the
  calendars of policies that have one
- every step has ` + "`at`, `do`, `customer`" + `
- ` + "`touch`" + `: ` + "`channel`, `category`, `expect`" + ` (allow, deny, or defer with ` + "`until`" + `), and where they matter
  ` + "`subject`, `campaign`, `template`, `duties`, `caller`, `address`, `why`" + `; deny is also met by a deferral
- ` + "`outcome`" + `: ` + "`outcome`" + `, of the latest allowed touch on the same channel and subject
- ` + "`consent`, `revoke`" + `: ` + "`scope`, `until`, `evidence`" + `; ` + "`register`, `unregister`" + `: the list as ` + "`scope`, `until`" + `
- ` + "`customer`" + `: ` + "`zones`, `jurisdictions`, `tags`, `preferences`, `attributes`" + `
`
