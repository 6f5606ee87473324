package ruleset_test

import (
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/internal/policytest"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// say judges a marketing SMS at noon on Monday, 2 March 2026, in Shanghai,
// after change has had its way with the question and the log.
func say(t *testing.T, rules string, change func(q *ruleset.Question, log *contactlog.Snapshot)) touch.Verdict {
	t.Helper()
	q := ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
	log := contactlog.Snapshot{Known: true}
	if change != nil {
		change(&q, &log)
	}
	return compile(t, "policy: p\nrules:\n"+rules).Evaluate(q, log)
}

type change = func(q *ruleset.Question, log *contactlog.Snapshot)

func contact(q *ruleset.Question, log *contactlog.Snapshot, ago time.Duration, edit func(e *contactlog.Entry)) {
	e := q.Entry()
	e.ID, e.At = "earlier"+ago.String(), q.Now.Add(-ago)
	if edit != nil {
		edit(&e)
	}
	log.Entries = append(log.Entries, e)
}

func listing(list string, since time.Time) touch.Listing {
	return touch.Listing{List: list, Key: "customer:c", Since: since}
}

const day = 24 * time.Hour

func TestWhatRulesSay(t *testing.T) {
	call := func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Touch.Plan[0].Channel = touch.AICall }
	for name, c := range map[string]struct {
		rules  string
		change change
		want   touch.Decision
		until  string // on Shanghai's clocks
	}{
		"C2 kinds of channels: a call":  {"  - {id: r, when: channel in voice, require: 'false'}\n", call, touch.DecisionRefuse, ""},
		"C2 kinds of channels: a text":  {"  - {id: r, when: channel in voice, require: 'false'}\n", nil, touch.DecisionAllow, ""},
		"C3 two candidate zones":        {"  - {id: r, hours: {daily: ['09:00-21:00']}}\n", zones("Asia/Shanghai", "Europe/London"), touch.DecisionDefer, "03-02 17:00"},
		"C3 zones that share no hour":   {"  - {id: r, hours: {daily: ['09:00-12:00']}}\n", zones("Asia/Shanghai", "America/New_York"), touch.DecisionRefuse, ""},
		"C3 nothing known":              {"  - {id: r, hours: {daily: ['08:00-21:00']}}\n", zones(), touch.DecisionRefuse, ""},
		"C3 open everywhere at noon":    {"  - {id: r, hours: {daily: ['00:00-24:00']}}\n", zones(), touch.DecisionAllow, ""},
		"C3 one zone for all":           {"  - {id: r, hours: {daily: ['08:00-21:00']}}\nzone: Asia/Shanghai\n", zones(), touch.DecisionAllow, ""},
		"C3 a zone that does not exist": {"  - {id: r, hours: {daily: ['08:00-21:00']}}\n", zones("Asia/Shanghai", "Atlantis/Poseidonis"), touch.DecisionRefuse, ""},
		"C9 by address, another":        {"  - {id: r, cap: {limit: 1, per: 7d, by: [address]}}\n", was(day, func(e *contactlog.Entry) { e.Address = 7 }), touch.DecisionAllow, ""},
		"C9 by address, the same":       {"  - {id: r, cap: {limit: 1, per: 7d, by: [address]}}\n", was(day, nil), touch.DecisionDefer, "03-08 12:00"},
		"C9 by method, the other":       {"  - {id: r, cap: {limit: 1, per: 7d, by: [method]}}\n", was(day, func(e *contactlog.Entry) { e.Channel = touch.Push }), touch.DecisionAllow, ""},
		"C9 by campaign, template":      {"  - {id: r, cap: {limit: 1, per: 7d, by: [campaign, template]}}\n", was(day, func(e *contactlog.Entry) { e.Template = 7 }), touch.DecisionAllow, ""},
		"C9 no subject: counts all":     {"  - {id: r, cap: {limit: 1, per: 7d, by: [subject]}}\n", func(q *ruleset.Question, l *contactlog.Snapshot) { contact(q, l, day, nil); q.Touch.Subject = "" }, touch.DecisionDefer, "03-08 12:00"},
		"C10 only conversations":        {"  - {id: r, cap: {limit: 1, per: 7d, count: conversations}}\n", was(day, func(e *contactlog.Entry) { e.Kind = contactlog.Connected }), touch.DecisionAllow, ""},
		"C10 conversations":             {"  - {id: r, cap: {limit: 1, per: 7d, count: conversations}}\n", was(day, func(e *contactlog.Entry) { e.Kind = contactlog.Conversation }), touch.DecisionDefer, "03-08 12:00"},
		"C10 pending counts as all":     {"  - {id: r, cap: {limit: 1, per: 7d, count: conversations}}\n", was(100*day, func(e *contactlog.Entry) { e.Pending = true }), touch.DecisionDefer, "03-09 12:00"},
		"C11 several limits":            {"  - {id: r, cap: {limits: [{limit: 1, per: 1m}, {limit: 2, per: 7 days}]}}\n", func(q *ruleset.Question, l *contactlog.Snapshot) { contact(q, l, day, nil); contact(q, l, 2*day, nil) }, touch.DecisionDefer, "03-07 00:00"},
		"C12 spacing":                   {"  - {id: r, cap: {limit: 1, per: 4h}}\n", was(time.Hour, nil), touch.DecisionDefer, "03-02 15:00"},
		"C14 a channel escapes": {"  - {id: r, when: '!(channel in human)', cooldown: {after: [refused], for: 72h}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) {
			had(q, "refused", day)
			q.Touch.Plan[0].Channel = touch.RMTask
		}, touch.DecisionAllow, ""},
		"C14 another does not":          {"  - {id: r, when: '!(channel in human)', cooldown: {after: [refused], for: 72h}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "refused", day) }, touch.DecisionDefer, "03-04 12:00"},
		"C15 not both in one week":      {"  - {id: r, when: channel == 'sms', cap: {limit: 1, per: week, of: {channels: [ai_call]}}}\n", was(2*time.Hour, func(e *contactlog.Entry) { e.Channel = touch.AICall }), touch.DecisionDefer, "03-09 00:00"},
		"C15 last week does not count":  {"  - {id: r, when: channel == 'sms', cap: {limit: 1, per: week, of: {channels: [ai_call]}}}\n", was(day, func(e *contactlog.Entry) { e.Channel = touch.AICall }), touch.DecisionAllow, ""},
		"C15 another channel":           {"  - {id: r, cap: {limit: 1, per: week, by: [other_channels]}}\n", was(2*time.Hour, func(e *contactlog.Entry) { e.Channel = touch.Push }), touch.DecisionDefer, "03-09 00:00"},
		"C15 the same channel":          {"  - {id: r, cap: {limit: 1, per: week, by: [other_channels]}}\n", was(2*time.Hour, nil), touch.DecisionAllow, ""},
		"C15 another method":            {"  - {id: r, cap: {limit: 1, per: week, by: [other_methods], of: {channels: [sms, push, ai_call]}}}\n", was(2*time.Hour, func(e *contactlog.Entry) { e.Channel = touch.RMTask }), touch.DecisionAllow, ""},
		"C9 by channel, of others only": {"  - {id: r, cap: {limit: 1, per: week, by: [channel], of: {channels: [push]}}}\n", was(2*time.Hour, nil), touch.DecisionAllow, ""},
		"C13 after three": {"  - {id: r, cooldown: {after: [no_answer], times: 3, within: 7 days, for: 30 days}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) {
			had(q, "no_answer", 9*day)
			had(q, "no_answer", 4*day)
			had(q, "no_answer", 3*day)
		}, touch.DecisionDefer, "03-29 00:00"},
		"C13 two are not enough": {"  - {id: r, cooldown: {after: [no_answer], times: 3, within: 7 days, for: 30 days}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) {
			had(q, "no_answer", 11*day)
			had(q, "no_answer", 4*day)
			had(q, "no_answer", 3*day)
		}, touch.DecisionAllow, ""},
		"C13 another number":                 {"  - {id: r, cooldown: {after: [refused], for: 72h, by: [address]}}\n", came(touch.Outcome{Address: "+44"}), touch.DecisionAllow, ""},
		"C13 a number that is not known":     {"  - {id: r, cooldown: {after: [refused], for: 72h, by: [address]}}\n", came(touch.Outcome{}), touch.DecisionDefer, "03-04 12:00"},
		"C18 an opt-out from another caller": {"  - {id: r, cooldown: {after: [refused], for: forever, by: [caller]}}\n", came(touch.Outcome{Caller: "insurer"}), touch.DecisionAllow, ""},
		"C18 an opt-out from this caller":    {"  - {id: r, cooldown: {after: [refused], for: forever, by: [caller]}}\n", came(touch.Outcome{Caller: "caller"}), touch.DecisionRefuse, ""},
		"C13 another template":               {"  - {id: r, cooldown: {after: [refused], for: 72h, by: [template]}}\n", came(touch.Outcome{Template: "other"}), touch.DecisionAllow, ""},
		"C18 objection, no consent":          {"  - {id: r, require: '!revoked(\"marketing:sms\")'}\n", consent("marketing", false, day, 0), touch.DecisionRefuse, ""},
		"C18 no objection":                   {"  - {id: r, require: '!revoked(\"marketing:sms\")'}\n", nil, touch.DecisionAllow, ""},
		"C18 objection within its term":      {"  - {id: r, require: '!revoked(\"marketing:sms\", \"5 business days\")'}\n", consent("marketing", false, 3*day, 0), touch.DecisionAllow, ""},
		"C18 objection past its term":        {"  - {id: r, require: '!revoked(\"marketing:sms\", \"5 business days\")'}\n", consent("marketing", false, 8*day, 0), touch.DecisionRefuse, ""},
		"C16 consent that has run out":       {"  - {id: r, require: consented('marketing')}\n", consent("marketing", true, 9*day, day), touch.DecisionRefuse, ""},
		"C16 consent must be fresh":          {"  - {id: r, require: 'consented(\"marketing\", \"6 months\")'}\n", consent("marketing", true, 200*day, 0), touch.DecisionRefuse, ""},
		"C16 another level":                  {"  - {id: r, require: consented('marketing:sms')}\n", consent("marketing:sms:offers", true, day, 0), touch.DecisionRefuse, ""},
		"C16 a level above":                  {"  - {id: r, require: consented('marketing:sms')}\n", consent("marketing", true, day, 0), touch.DecisionAllow, ""},
		"C17 consent is not to nights":       {"  - {id: r, require: consented('marketing:night')}\n", consent("marketing", true, day, 0), touch.DecisionRefuse, ""},
		"C17 consent to nights":              {"  - {id: r, require: consented('marketing:night')}\n", consent("marketing:night", true, day, 0), touch.DecisionAllow, ""},
		"C18 revoked above": {"  - {id: r, require: consented('marketing:night')}\n", func(q *ruleset.Question, l *contactlog.Snapshot) {
			consent("marketing:night", true, 2*day, 0)(q, l)
			consent("marketing", false, day, 0)(q, l)
		}, touch.DecisionRefuse, ""},
		"C16 not a mere prefix":      {"  - {id: r, require: consented('marketing:sms')}\n", consent("market", true, day, 0), touch.DecisionRefuse, ""},
		"C17 consent to come":        {"  - {id: r, require: consented('marketing')}\n", consent("marketing", true, -day, 0), touch.DecisionRefuse, ""},
		"C18 grace in business days": {"  - {id: r, cooldown: {after: [opt_out], for: forever, grace: 10 business days}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "opt_out", 13*day) }, touch.DecisionAllow, ""},
		"C18 grace is over":          {"  - {id: r, cooldown: {after: [opt_out], for: forever, grace: 10 business days}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "opt_out", 17*day) }, touch.DecisionRefuse, ""},
		"C18 consent lifts": {"  - {id: r, cooldown: {after: [opt_out], for: forever, lifted_by: 'marketing:{channel}'}}\n", func(q *ruleset.Question, l *contactlog.Snapshot) {
			had(q, "opt_out", 3*day)
			consent("marketing:sms", true, day, 0)(q, l)
		}, touch.DecisionAllow, ""},
		"C18 older consent does not": {"  - {id: r, cooldown: {after: [opt_out], for: forever, lifted_by: 'marketing:{channel}'}}\n", func(q *ruleset.Question, l *contactlog.Snapshot) {
			had(q, "opt_out", 3*day)
			consent("marketing:sms", true, 4*day, 0)(q, l)
		}, touch.DecisionRefuse, ""},
		"C19 kept for five years":    {"  - {id: r, cooldown: {after: [opt_out], for: 5 years}}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "opt_out", 5*365*day) }, touch.DecisionDefer, "03-03 00:00"},
		"C20 register never checked": {"  - {id: r, absent_from: {lists: [dnc], checked_within: 31 days}}\n", nil, touch.DecisionRefuse, ""},
		"C20 checked in time":        {"  - {id: r, absent_from: {lists: [dnc], checked_within: 31 days}}\n", attribute("checked:dnc", "2026-02-10T00:00:00Z"), touch.DecisionAllow, ""},
		"C20 checked too long ago":   {"  - {id: r, absent_from: {lists: [dnc], checked_within: 31 days}}\n", attribute("checked:dnc", "2026-01-10T00:00:00Z"), touch.DecisionRefuse, ""},
		"C20 listed until": {"  - {id: r, absent_from: dnc, else: defer}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) {
			l := listing("dnc", q.Now.Add(-day))
			u := q.Now.Add(day)
			l.Until = &u
			q.Listings = []touch.Listing{l}
		}, touch.DecisionDefer, "03-03 12:00"},
		"C21 within 18 months": {"  - {id: r, require: 'within(\"bought\", \"18 months\")'}\n", attribute("bought", "2024-10-01"), touch.DecisionAllow, ""},
		"C21 longer ago":       {"  - {id: r, require: 'within(\"bought\", \"18 months\")'}\n", attribute("bought", "2024-08-31"), touch.DecisionRefuse, ""},
		"C21 no such fact":     {"  - {id: r, require: 'within(\"bought\", \"18 months\")'}\n", nil, touch.DecisionRefuse, ""},
		"C21 number":           {"  - {id: r, require: number('income') >= 1000.0}\n", attribute("income", 1000.0), touch.DecisionAllow, ""},
		"C21 a whole number":   {"  - {id: r, require: number('days') > 60}\n", attribute("days", 61.0), touch.DecisionAllow, ""},
		"C20 consent after the listing lifts it": {"  - {id: r, absent_from: {lists: [suppression2], lifted_by: marketing}}\n", func(q *ruleset.Question, l *contactlog.Snapshot) {
			q.Listings = []touch.Listing{listing("suppression2", q.Now.Add(-2*day))}
			consent("marketing", true, day, 0)(q, l)
		}, touch.DecisionAllow, ""},
		"C20 consent before it does not": {"  - {id: r, absent_from: {lists: [suppression2], lifted_by: marketing}}\n", func(q *ruleset.Question, l *contactlog.Snapshot) {
			q.Listings = []touch.Listing{listing("suppression2", q.Now.Add(-2*day))}
			consent("marketing", true, 3*day, 0)(q, l)
		}, touch.DecisionRefuse, ""},
		"C28 a jurisdiction in capitals": {"  - {id: r, require: 'false'}\njurisdictions: [US]\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Jurisdictions = []string{"us-ca"} }, touch.DecisionRefuse, ""},
		"C22 own hours":                  {"  - {id: r, own: {quiet: quiet}}\n", preference("quiet", "09:00-17:00"), touch.DecisionDefer, "03-02 17:00"},
		"C22 hours that make no sense":   {"  - {id: r, own: {quiet: quiet}}\n", preference("quiet", "late"), touch.DecisionRefuse, ""},
		"C22 hold":                       {"  - {id: r, own: {hold: hold}}\n", preference("hold", "2026-03-10"), touch.DecisionDefer, "03-10 00:00"},
		"C22 hold that is over":          {"  - {id: r, own: {hold: hold}}\n", preference("hold", "2026-03-02"), touch.DecisionAllow, ""},
		"C22 hold that makes no sense":   {"  - {id: r, own: {hold: hold}}\n", preference("hold", "spring"), touch.DecisionRefuse, ""},
		"C23 not yet":                    {"  - {id: r, require: 'false', from: 2026-03-03}\n", nil, touch.DecisionAllow, ""},
		"C23 no longer":                  {"  - {id: r, require: 'false', until: 2026-03-02}\n", nil, touch.DecisionAllow, ""},
		"C23 it ends by itself":          {"  - {id: r, require: 'false', else: defer, until: 2026-03-05}\n", nil, touch.DecisionDefer, "03-05 00:00"},
		"C23 waived":                     {"  - {id: r, require: 'false'}\nwaivers:\n  - {rule: r, by: Risk, reason: trial, until: 2026-03-05}\n", nil, touch.DecisionAllow, ""},
		"C23 the waiver has ended":       {"  - {id: r, require: 'false'}\nwaivers:\n  - {rule: r, by: Risk, reason: trial, until: 2026-03-01}\n", nil, touch.DecisionRefuse, ""},
		"C25 once ever":                  {"  - {id: r, cap: {limit: 1, per: forever, by: [template]}}\n", was(3000*day, nil), touch.DecisionRefuse, ""},
		"C25 confirmation of opt-out": {"  - {id: r, cooldown: {after: [opt_out], for: forever}, unless: 'template == \"bye\" && had(\"opt_out\", \"5m\")'}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) {
			had(q, "opt_out", 4*time.Minute)
			q.Touch.Plan[0].Template = "bye"
		}, touch.DecisionAllow, ""},
		"C25 confirmation comes late": {"  - {id: r, cooldown: {after: [opt_out], for: forever}, unless: 'template == \"bye\" && had(\"opt_out\", \"5m\")'}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) {
			had(q, "opt_out", 6*time.Minute)
			q.Touch.Plan[0].Template = "bye"
		}, touch.DecisionRefuse, ""},
		"C26 duty not fulfilled":       {"  - {id: r, duty: opt-out-text}\n", nil, touch.DecisionRefuse, ""},
		"C26 duty fulfilled":           {"  - {id: r, duty: opt-out-text}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { q.TemplateDuties = []string{"opt-out-text"} }, touch.DecisionAllow, ""},
		"C27 cap, then night":          {"  - {id: a, cap: {limit: 1, per: 10h}}\n  - {id: b, hours: {daily: ['09:00-21:00']}}\n", was(time.Hour/2, nil), touch.DecisionDefer, "03-03 09:00"},
		"C27 then a law to come":       {"  - {id: a, cap: {limit: 1, per: 24h}}\n  - {id: b, require: 'false', from: 2026-03-03, until: 2026-03-06}\n", was(time.Hour, nil), touch.DecisionDefer, "03-06 00:00"},
		"C27 never again":              {"  - {id: a, cap: {limit: 1, per: 24h}}\n  - {id: b, require: 'false', from: 2026-03-03}\n", was(time.Hour, nil), touch.DecisionRefuse, ""},
		"C29 presumption binds":        {"  - {id: r, require: 'false', presumption: true}\n", nil, touch.DecisionRefuse, ""},
		"C29 signed off":               {"  - {id: r, require: 'false', presumption: {signed_by: Head of Risk, on: 2026-01-01, reason: reviewed}}\n", nil, touch.DecisionAllow, ""},
		"C29 the sign-off has run out": {"  - {id: r, require: 'false', presumption: {signed_by: Head of Risk, on: 2026-01-01, reason: reviewed, until: 2026-02-01}}\n", nil, touch.DecisionRefuse, ""},
		"when in doubt it applies":     {"  - {id: r, when: flag('vulnerable'), require: 'false'}\n", nil, touch.DecisionRefuse, ""},
		"unless in doubt excuses not":  {"  - {id: r, require: 'false', unless: flag('vip')}\n", nil, touch.DecisionRefuse, ""},
		"unless excuses":               {"  - {id: r, require: 'false', unless: flag('vip')}\n", attribute("vip", true), touch.DecisionAllow, ""},
		"or with one fact missing":     {"  - {id: r, require: flag('vip') || tagged('gold')}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Tags = []string{"gold"} }, touch.DecisionAllow, ""},
		"suppressed":                   {"  - {id: r, require: 'true'}\n", listed(touch.Listing{}), touch.DecisionRefuse, ""},
		"suppressed for another":       {"  - {id: r, require: 'true'}\n", listed(touch.Listing{Scope: "collection"}), touch.DecisionAllow, ""},
		"suppressed for the channel":   {"  - {id: r, require: 'true'}\n", listed(touch.Listing{Scope: "marketing:sms"}), touch.DecisionRefuse, ""},
		"suppressed later":             {"  - {id: r, require: 'true'}\n", listed(touch.Listing{Since: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}), touch.DecisionAllow, ""},
		"shadow":                       {"  - {id: r, require: 'false', shadow: true}\n", nil, touch.DecisionAllow, ""},
		"unknown customer":             {"  - {id: r, when: tagged('gold'), require: 'false'}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer = nil }, touch.DecisionRefuse, ""},
		"unknown channel":              {"  - {id: r, require: 'true'}\n", func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Touch.Plan[0].Channel = "fax" }, touch.DecisionRefuse, ""},
		"its own place counts not":     {"  - {id: r, cap: {limit: 1, per: 7d}}\n", was(time.Minute, func(e *contactlog.Entry) { e.ID = touch.DispatchID(touch.NewID("caller", "k"), 0) }), touch.DecisionAllow, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := say(t, c.rules, c.change)
			if v.Decision != c.want {
				t.Fatalf("%s by %s, want %s: %+v", v.Decision, v.Rule, c.want, v.Findings)
			}
			if c.until != "" && !v.Until.Truncate(time.Second).Equal(at(t, c.until)) {
				t.Errorf("until %s, want %s", v.Until.In(mustZone(policytest.Shanghai)), c.until)
			}
			if (v.Decision == touch.DecisionDefer) == v.Until.IsZero() {
				t.Errorf("%s until %s", v.Decision, v.Until)
			}
		})
	}
}

func zones(names ...string) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Zones = names }
}

func was(ago time.Duration, edit func(e *contactlog.Entry)) change {
	return func(q *ruleset.Question, log *contactlog.Snapshot) { contact(q, log, ago, edit) }
}

func had(q *ruleset.Question, kind string, ago time.Duration) {
	q.Customer.Outcomes = append(q.Customer.Outcomes, touch.Outcome{Kind: kind, At: q.Now.Add(-ago)})
}

// came is a refusal of yesterday, with what is known of it.
func came(o touch.Outcome) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		o.Kind, o.At = touch.OutcomeRefused, q.Now.Add(-day)
		q.Customer.Outcomes, q.Address = []touch.Outcome{o}, "+86"
	}
}

// consent of so long ago; with ended, it ran out that long ago.
func consent(scope string, granted bool, ago, ended time.Duration) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		c := touch.Consent{Scope: scope, Granted: granted, At: q.Now.Add(-ago), Evidence: "doc-7"}
		if ended != 0 {
			until := q.Now.Add(-ended)
			c.Until = &until
		}
		q.Customer.Consents = append(q.Customer.Consents, c)
	}
}

func attribute(name string, value any) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		q.Customer.Attributes = map[string]any{name: value}
	}
}

func preference(name, value string) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		q.Customer.Preferences = map[string]string{name: value}
	}
}

func listed(l touch.Listing) change {
	l.List, l.Key = touch.Suppression, touch.CustomerKey("c")
	return func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Listings = []touch.Listing{l} }
}

func TestFindingsTellWhy(t *testing.T) {
	v := say(t, "  - {id: consent, require: consented('marketing')}\n  - {id: excused, require: 'false', unless: consented('marketing:sms')}\n  - {id: law, require: 'false', presumption: true}\n",
		consent("marketing", true, day, 0))
	if len(v.Findings) != 4 || v.Rule != "p/law" || v.Policy == "" || v.Channel != touch.SMS || v.At.IsZero() {
		t.Fatalf("%+v", v)
	}
	if f := v.Findings[1]; f.Kind != "consent" || f.Evidence != "doc-7" || f.Decision != touch.DecisionAllow {
		t.Errorf("consent: %+v", f)
	}
	if f := v.Findings[2]; !f.Excused || f.Evidence != "doc-7" || f.Decision != touch.DecisionAllow {
		t.Errorf("excused: %+v", f)
	}
	if f := v.Findings[3]; !strings.Contains(f.Reason, "presumption") {
		t.Errorf("law: %+v", f)
	}
}

func TestNothingPersonalInFindings(t *testing.T) {
	v := say(t, `  - {id: a, own: {quiet: quiet}}
  - {id: b, require: consented("marketing")}
  - {id: c, cap: {limit: 1, per: 7d, by: [address]}}
  - {id: d, absent_from: dnc}
  - {id: e, own: {hold: hold}}
`, func(q *ruleset.Question, log *contactlog.Snapshot) {
		q.Customer.Preferences = map[string]string{"quiet": "CANARY", "hold": "CANARY"}
		q.Address = "CANARY"
		q.Listings = []touch.Listing{{List: "dnc", Key: "phone:CANARY", Reason: "CANARY"}}
		contact(q, log, day, nil)
	})
	for _, f := range v.Findings {
		if strings.Contains(f.Reason+f.Evidence, "CANARY") {
			t.Errorf("%+v", f)
		}
	}
}

func TestJurisdictionsChooseAndUnknownOnesBindAll(t *testing.T) {
	var sources []ruleset.Source
	for _, j := range []string{"us", "fr", "us-ca"} {
		sources = append(sources, ruleset.Source{Name: j, Data: []byte("policy: " + j + "\njurisdictions: [" + j + "]\nrules:\n  - {id: r, duty: d-" + j + "}\n")})
	}
	set, err := ruleset.Compile(sources, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for home, want := range map[string]string{"us": "d-us", "us-ca": "d-us d-us-ca", "fr": "d-fr", "de": "", "fr,us": "d-us d-fr", "": "d-us d-fr d-us-ca", "usa": ""} {
		q := ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
		q.TemplateDuties = []string{"d-us", "d-fr", "d-us-ca"}
		if home != "" {
			q.Customer.Jurisdictions = strings.Split(home, ",")
		}
		if v := set.Evaluate(q, known); strings.Join(v.Duties, " ") != want {
			t.Errorf("%q: %v, want %s", home, v.Duties, want)
		}
	}
}

func TestHoldoutIsStableAndAboutAsLargeAsAsked(t *testing.T) {
	set := compile(t, "policy: p\nrules:\n  - {id: h, until: 2026-12-01, holdout: {share: 10%, key: winter}}\n")
	held := 0
	for i := range 5000 {
		q := ask("k", strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String(), touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
		v := set.Evaluate(q, known)
		if v.Decision == touch.DecisionRefuse {
			held++
			if v.Kind != "holdout" || set.Evaluate(q, known).Decision != touch.DecisionRefuse {
				t.Fatalf("%+v", v)
			}
			q.Now = at(t, "12-01 00:00")
			if set.Evaluate(q, known).Decision != touch.DecisionAllow {
				t.Fatal("still held out after the end")
			}
		}
	}
	if held < 400 || held > 600 {
		t.Errorf("%d of 5000 are held out, want about 500", held)
	}
}

func TestRatioStopsTheCampaign(t *testing.T) {
	abandoned, known3 := 2, true
	set, err := ruleset.Compile([]ruleset.Source{{Name: "p", Data: []byte(
		"policy: p\nrules:\n  - {id: r, ratio: {of: abandoned, over: connected, max: 3%, per: 30 days, at_least: 50}}\n")}},
		ruleset.Options{Tallies: func(caller, campaign, outcome string, since time.Time) (int, bool) {
			if caller != "caller" || campaign != "autumn" || !since.Equal(at(t, "02-01 00:00")) {
				t.Errorf("asked for %s, %s since %s", caller, campaign, since)
			}
			if outcome == "abandoned" {
				return abandoned, known3
			}
			return 100, known3
		}})
	if err != nil {
		t.Fatal(err)
	}
	q := ask("k", "c", touch.Marketing, touch.AICall, at(t, "03-02 12:00"))
	q.Touch.Campaign = "autumn"
	if v := set.Evaluate(q, known); v.Decision != touch.DecisionAllow {
		t.Errorf("2%%: %+v", v)
	}
	abandoned = 4
	if v := set.Evaluate(q, known); v.Decision != touch.DecisionDefer || !v.Until.Equal(q.Now.Add(15*time.Minute)) || v.Findings[1].Count != 4 {
		t.Errorf("4%%: %+v", v)
	}
	abandoned, known3 = 0, false
	if v := set.Evaluate(q, known); v.Decision != touch.DecisionDefer {
		t.Errorf("not known: %+v", v)
	}
}

func TestVerdictReplays(t *testing.T) {
	set := compile(t, weekly)
	q := ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 23:00"))
	log := contactlog.Snapshot{Known: true}
	contact(&q, &log, day, nil)
	contact(&q, &log, 2*day, nil)
	a, b := set.Evaluate(q, log), compile(t, weekly).Evaluate(q, log)
	if a.Policy != b.Policy || !a.Until.Equal(b.Until) || len(a.Findings) != len(b.Findings) || a.Findings[2] != b.Findings[2] {
		t.Errorf("%+v\n%+v", a, b)
	}
}
