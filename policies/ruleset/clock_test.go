package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Conditions tell time as their document does: by its zone, its calendar and
// the day on which its weeks begin. It is noon on Monday, 2 March 2026, in Shanghai.
func TestConditionUsesDocumentClock(t *testing.T) {
	refused := func(ago time.Duration, zones ...string) change {
		return func(q *ruleset.Question, _ *contactlog.Snapshot) {
			had(q, touch.OutcomeRefused, ago)
			q.Customer.Zones = zones
		}
	}
	const asks = "  - {id: r, require: '!had(\"refused\", \"1 day\")'}\n"
	for name, c := range map[string]struct {
		rules  string
		change change
		want   touch.Decision
	}{
		"yesterday in Shanghai":                {asks, refused(16*time.Hour, "Asia/Shanghai"), touch.DecisionAllow},
		"today in Honolulu":                    {asks, refused(16*time.Hour, "Pacific/Honolulu"), touch.DecisionRefuse},
		"a doubt where it is one of both":      {asks, refused(16*time.Hour, "Asia/Shanghai", "Pacific/Honolulu"), touch.DecisionRefuse},
		"the doubt does not excuse":            {"  - {id: r, require: 'false', unless: 'had(\"refused\", \"1 day\")'}\n", refused(16*time.Hour, "Asia/Shanghai", "Pacific/Honolulu"), touch.DecisionRefuse},
		"nor does its opposite":                {"  - {id: r, require: 'false', unless: '!had(\"refused\", \"1 day\")'}\n", refused(16*time.Hour, "Asia/Shanghai", "Pacific/Honolulu"), touch.DecisionRefuse},
		"the document has one zone for all":    {asks + "zone: Asia/Shanghai\n", refused(16*time.Hour, "Pacific/Honolulu"), touch.DecisionAllow},
		"the document's unknown zone":          {asks + "unknown_zone: [Asia/Shanghai]\n", refused(16 * time.Hour), touch.DecisionAllow},
		"a term of business days":              {"  - {id: r, require: '!revoked(\"marketing\", \"5 business days\")'}\nholidays: [2026-01-01]\n", consent("marketing", false, 7*day, 0), touch.DecisionAllow},
		"with a holiday it is longer":          {"  - {id: r, require: '!revoked(\"marketing\", \"4 business days\")'}\nholidays: [2026-02-26]\n", consent("marketing", false, 7*day, 0), touch.DecisionAllow},
		"without the holiday it is over":       {"  - {id: r, require: '!revoked(\"marketing\", \"4 business days\")'}\nholidays: [2026-01-01]\n", consent("marketing", false, 7*day, 0), touch.DecisionRefuse},
		"the week began on Monday":             {"  - {id: r, require: '!had(\"refused\", \"week\")'}\n", refused(day, "Asia/Shanghai"), touch.DecisionAllow},
		"the week began on Sunday":             {"  - {id: r, require: '!had(\"refused\", \"week\")'}\nweek_starts: sun\n", refused(day, "Asia/Shanghai"), touch.DecisionRefuse},
		"an attribute's date, in one zone":     {"  - {id: r, require: 'passed(\"start\")'}\nzone: Asia/Shanghai\n", attribute("start", "2026-03-02"), touch.DecisionAllow},
		"an attribute's date, in another zone": {"  - {id: r, require: 'passed(\"start\")'}\nzone: Pacific/Honolulu\n", attribute("start", "2026-03-02"), touch.DecisionRefuse},
	} {
		t.Run(name, func(t *testing.T) {
			if v := say(t, c.rules, c.change); v.Decision != c.want {
				t.Errorf("%s, want %s: %+v", v.Decision, c.want, v.Findings)
			}
		})
	}
}

// Two documents with the same words and different calendars do not share an answer.
func TestSameConditionInTwoDocuments(t *testing.T) {
	const rule = "rules:\n  - {id: r, require: '!revoked(\"marketing\", \"4 business days\")', else: defer}\n"
	set, err := ruleset.Compile([]ruleset.Source{
		{Name: "a", Data: []byte("policy: a\nholidays: [2026-02-26]\n" + rule)}, {Name: "b", Data: []byte("policy: b\nholidays: [2026-01-01]\n" + rule)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
	consent("marketing", false, 7*day, 0)(&q, nil)
	v := set.Evaluate(q, known)
	if v.Rule != "b/r" || v.Findings[1].Decision != touch.DecisionAllow {
		t.Errorf("%+v", v)
	}
}

func TestListedAndResident(t *testing.T) {
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	on := func(l touch.Listing) change {
		return func(q *ruleset.Question, _ *contactlog.Snapshot) {
			l.List, l.Since, l.CheckedAt = "dnc", since, &since
			q.Listings, q.Customer.Jurisdictions = []touch.Listing{l}, []string{"us-ca"}
		}
	}
	for name, c := range map[string]struct {
		require string
		listing touch.Listing
		want    touch.Decision
	}{
		"listed":                               {`!listed("dnc")`, touch.Listing{Key: "customer:c"}, touch.DecisionRefuse},
		"listed for this channel":              {`!listed("dnc")`, touch.Listing{Key: "customer:c", Scope: "marketing:sms"}, touch.DecisionRefuse},
		"listed for another channel":           {`!listed("dnc")`, touch.Listing{Key: "customer:c", Scope: "ai_call"}, touch.DecisionAllow},
		"the register's own mark lists nobody": {`!listed("dnc")`, touch.Listing{Key: "*"}, touch.DecisionAllow},
		"California is in the United States":   {`resident("us")`, touch.Listing{}, touch.DecisionAllow},
		"the United States are not Texas":      {`resident("us-tx")`, touch.Listing{}, touch.DecisionRefuse},
	} {
		t.Run(name, func(t *testing.T) {
			if v := say(t, "  - {id: r, require: '"+c.require+"'}\n", on(c.listing)); v.Decision != c.want {
				t.Errorf("%s, want %s: %+v", v.Decision, c.want, v.Findings)
			}
		})
	}
}
