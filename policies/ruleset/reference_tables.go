package ruleset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/jurisdiction"
)

const referenceSpans = `
## Spans

- ` + "`90s 15m 72h 7d`" + `: absolute time, the same whatever the clocks do; a contact exactly that old still counts
- ` + "`7 days`, `2 weeks`, `1 month`, `1 year`" + `: dates in the customer's zone
- ` + "`60 full days`, `2 full weeks`" + `: dates
- ` + "`10 business days`, `10 full business days`" + `: by the policy's calendar, which it must have
- ` + "`day`, `week`, `month`, `year`, `2 calendar weeks`" + `: units of the calendar, the one of the event being the first
- ` + "`forever`" + `

One rule for the own day of a contact, an outcome or a listing: it is the first of dates,
and it is not counted by a span that says ` + "`full`" + ` or business days, because laws give business
days after the event. Where a span permits something in business days (the grace of a
listing, the age of a consent) the own day is the first, which is the strict side.

This is when a span ends that began on Thursday 26 March 2026 at 10:00 in London, by the
calendar gb-england (Good Friday is 3 April, Easter Monday 6 April):

| span | of a cap, a cool-down, its grace, a term | grace of a listing, age of a consent |
|---|---|---|
`

// writeSpans writes how spans count, with ends that the code computes.
func writeSpans(b *strings.Builder) {
	b.WriteString(referenceSpans)
	all, err := calendar.Shipped()
	london, zoneErr := time.LoadLocation("Europe/London")
	if err != nil || zoneErr != nil {
		return // a test compares the document with the repository's
	}
	begin := time.Date(2026, 3, 26, 10, 0, 0, 0, london)
	for _, text := range []string{
		"7d", "1 day", "7 days", "7 full days", "1 week", "1 month", "10 business days", "10 full business days", "day", "week", "month", "2 calendar weeks",
	} {
		span, err := calendar.ParseSpan(text, time.Monday)
		if err != nil {
			continue
		}
		end := func(s calendar.Span) string {
			return s.End(begin, london, all["gb-england"]).In(london).Format("Mon 2 January 15:04")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", text, end(span), end(span.FromOwnDay()))
	}
}

const referenceCalendars = `
## Calendars

A policy names a calendar, or lists the dates of its own under ` + "`holidays`" + `; with both the dates
are added. ` + "`holiday`, `eve`, `workday`" + ` and business days in a policy without either are a fault.
A calendar file stands beside the policies and looks like this; only ` + "`calendar`, `version`, `owner`" + `
and ` + "`source`" + ` are required:

` + "```yaml" + `
calendar: bank                     # its name
title: Holidays of the bank
version: "2027.1"
owner: compliance@bank.example
source: decision of the board of 3 November 2026
extends: fr                        # has the days of another calendar, too
weekend: [sat, sun]
covers: {from: 2026-01-01, until: 2028-01-01}
holidays:
  - {from: 2026-12-24, to: 2026-12-26, name: Christmas}
  - {from: 2027-12-24, name: Christmas Eve}
working: [2026-12-12]              # weekend days that were made working days
` + "```" + `

` + "`covers`" + ` says for which dates the list is complete. Without it, and under ` + "`holidays`" + ` in a policy,
those are the years of which a holiday is listed. Nobody knows whether a later date is a
holiday: what depends on it is held back for an hour at a time, with a reason that names the
calendar and its last date, even where the rule refuses. What is certain in any case stays
certain: hours that a holiday has too, or a night. The last date that is covered may be an eve.

` + "`policy check`" + ` warns of a calendar in use 60 days before it ends; so do the metric
` + "`touchgate_policy_calendar_days_left`" + ` and its alert.

These calendars ship with the program:

| calendar | | until |
|---|---|---|
`

// writeCalendars writes what calendars are, and which ones ship.
func writeCalendars(b *strings.Builder) {
	b.WriteString(referenceCalendars)
	all, err := calendar.Shipped()
	if err != nil {
		return
	}
	var lines []string
	for name, c := range all {
		last, _ := c.Last()
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s |\n", name, c.Title, last))
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, ""))
}

const referenceWords = `
## Words

A name that nothing knows makes a rule that never does what its author meant. So names in
policies are checked, and the nearest known one is named.

- Outcomes: %s. Another word is a fault unless it is declared. A ratio may also
  count %s.
- Scopes of consents: a category, or a category and a channel (` + "`marketing:sms`" + `). What begins with
  another word is a fault unless it is declared; a purpose beneath a category
  (` + "`marketing:night`" + `) is warned of until it is declared. Revoking a scope revokes those beneath
  it; granting one grants its channels. Who writes STOP under a text revokes ` + "`marketing:sms`" + `,
  which ` + "`consented(\"marketing\")`" + ` does not see: ask for ` + "`consented(\"marketing:\" + channel)`" + `, or add a
  cool-down after ` + "`opt_out`" + `.
- Jurisdictions: codes of countries by ISO 3166-1 (` + "`it`" + `) and of their parts (` + "`us-fl`" + `), in any
  case; ` + "`uk`" + ` is ` + "`gb`" + `. What lies within a part (` + "`us-ny-nyc`" + `) is up to the bank. The parts of these
  countries are checked: %s. A policy for ` + "`us-fl`" + ` binds a customer
  who is only known to live in ` + "`us`" + `, or whose code is none, and not one in ` + "`us-ny`" + `.
- Lists are the bank's own words; one that is not declared is warned of. ` + "`suppression`" + ` is ours.
- Preferences, attributes and tags are the bank's own words.

The bank declares its words under ` + "`vocabulary`" + `, in a policy or in a document of its own beside
the policies. What the document of its own lists is complete: another word of that kind is
a fault in every policy, unless the policy declares it. Names may hold %s.

` + "```yaml" + `
title: Words of our own
vocabulary:
  outcomes: [promise_to_pay]
  scopes: [marketing:night, research:panel]
  lists: [national-dnc, "branch:{subject}"]
  jurisdictions: [us-ny-brooklyn]
  tags: [vulnerable]
  preferences: [quiet_hours, language]
  attributes: [hold_until, days_past_due]
` + "```" + `
`

// writeWords writes which names are known.
func writeWords(b *strings.Builder) {
	quoted := func(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }
	fmt.Fprintf(b, referenceWords,
		quoted(builtIn(outcomeName)), quoted(talliedStages), quoted(jurisdiction.Divided()), strings.Join(placeholders, ", "))
}
