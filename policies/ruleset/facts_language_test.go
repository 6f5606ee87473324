package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestResidence(t *testing.T) {
	for name, c := range map[string]struct {
		homes []string
		place string
		want  string // lives, may live, no
	}{
		"the same":                    {[]string{"us-fl"}, "us-fl", "lives"},
		"capitals":                    {[]string{"US-FL"}, "us-fl", "lives"},
		"in the country":              {[]string{"us-fl"}, "us", "lives"},
		"the country alone":           {[]string{"us"}, "us-fl", "may live"},
		"another part":                {[]string{"us-ny"}, "us-fl", "no"},
		"the country and the part":    {[]string{"us", "us-ny"}, "us-fl", "no"},
		"another country":             {[]string{"fr"}, "us-fl", "no"},
		"one of two":                  {[]string{"fr", "us"}, "us-fl", "may live"},
		"nothing known":               {nil, "us-fl", "may live"},
		"no code at all":              {[]string{"usa"}, "us-fl", "may live"},
		"two codes of one country":    {[]string{"uk"}, "gb", "lives"},
		"the other way round":         {[]string{"gb-sct"}, "uk", "lives"},
		"letters that begin the same": {[]string{"us-fl"}, "us-f", "no"},
	} {
		t.Run(name, func(t *testing.T) {
			given := func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Jurisdictions = c.homes }
			ask := func(rule string) touch.Decision {
				set, err := ruleset.Compile(documents("policy: p\n"+rule), ruleset.Options{Stored: true})
				if err != nil {
					t.Fatal(err)
				}
				q := askNoon(t)
				given(&q, nil)
				return set.Evaluate(q, known).Decision
			}
			bound := ask("jurisdictions: ["+c.place+"]\nrules:\n  - {id: r, require: 'false'}\n") == touch.DecisionRefuse
			if bound != (c.want != "no") {
				t.Errorf("bound %v", bound)
			}
			if excused := ask("rules:\n  - {id: r, require: 'false', unless: resident('"+c.place+"')}\n") == touch.DecisionAllow; excused != (c.want == "lives") {
				t.Errorf("excused as a resident %v", excused)
			}
			if excused := ask("rules:\n  - {id: r, require: 'false', unless: '!resident(\""+c.place+"\")'}\n") == touch.DecisionAllow; excused != (c.want == "no") {
				t.Errorf("excused as no resident %v", excused)
			}
		})
	}
}

// askNoon is a question about a marketing SMS at noon on 2 March 2026.
func askNoon(t *testing.T) ruleset.Question {
	t.Helper()
	return ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
}

func TestRevocationBindsLater(t *testing.T) {
	const term = `!revoked("marketing:sms", "10 days")`
	const later = `consented("marketing:sms") || (revoked("marketing:sms") && ` + term + `)`
	type word struct {
		granted bool
		ago     time.Duration
		until   time.Duration // ago; 0: none
		scope   string
	}
	for name, c := range map[string]struct {
		said        []word
		later, term bool // allowed by the two conditions
	}{
		"never said anything":       {nil, false, true},
		"agreed":                    {[]word{{granted: true, ago: 20 * day}}, true, true},
		"agreed, then no, in time":  {[]word{{granted: true, ago: 20 * day}, {ago: 3 * day}}, true, true},
		"agreed, then no, over":     {[]word{{granted: true, ago: 20 * day}, {ago: 12 * day}}, false, false},
		"only said no":              {[]word{{ago: 3 * day}}, false, true},
		"only said no, long ago":    {[]word{{ago: 12 * day}}, false, false},
		"a second no starts no new": {[]word{{granted: true, ago: 20 * day}, {ago: 12 * day}, {ago: 2 * day}}, false, false},
		"agreed anew between":       {[]word{{granted: true, ago: 20 * day}, {ago: 12 * day}, {granted: true, ago: 5 * day}, {ago: 2 * day}}, true, true},
		"consent had run out":       {[]word{{granted: true, ago: 20 * day, until: 8 * day}, {ago: 3 * day}}, false, true},
		"agreed to other things":    {[]word{{granted: true, ago: 20 * day, scope: "service"}, {ago: 3 * day}}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			given := func(q *ruleset.Question, _ *contactlog.Snapshot) {
				for _, w := range c.said {
					s := touch.Consent{Scope: "marketing", Granted: w.granted, At: q.Now.Add(-w.ago)}
					if w.scope != "" {
						s.Scope = w.scope
					}
					if w.until != 0 {
						end := q.Now.Add(-w.until)
						s.Until = &end
					}
					q.Customer.Consents = append(q.Customer.Consents, s)
				}
			}
			for condition, want := range map[string]bool{later: c.later, term: c.term} {
				if v := say(t, "  - {id: r, require: '"+condition+"'}\n", given); (v.Decision == touch.DecisionAllow) != want {
					t.Errorf("%s: %s", condition, v.Decision)
				}
			}
		})
	}
}

func TestListingLapses(t *testing.T) {
	rule := "  - {id: r, absent_from: {lists: ['dnc:{subject}'], for: 60 days}}\n"
	on := func(ago time.Duration, end time.Duration) change {
		return func(q *ruleset.Question, _ *contactlog.Snapshot) {
			l := listing("dnc:loan", q.Now.Add(-ago))
			if end != 0 {
				until := q.Now.Add(end)
				l.Until = &until
			}
			q.Listings = []touch.Listing{l}
		}
	}
	for name, c := range map[string]struct {
		given change
		want  touch.Decision
		until string
	}{
		"young":                      {on(30*day, 0), touch.DecisionRefuse, "04-01 00:00"},
		"its last day":               {on(59*day, 0), touch.DecisionRefuse, "03-03 00:00"},
		"too old":                    {on(60*day, 0), touch.DecisionAllow, ""},
		"ended before":               {on(30*day, -day), touch.DecisionAllow, ""},
		"ends before it lapses":      {on(30*day, 2*day), touch.DecisionRefuse, "03-04 12:00"},
		"lapses before it would end": {on(59*day, 20*day), touch.DecisionRefuse, "03-03 00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			v := say(t, rule, c.given)
			if v.Decision != c.want {
				t.Fatalf("%s: %+v", v.Decision, v.Findings)
			}
			if c.until != "" && !v.Findings[1].Until.Equal(at(t, c.until)) {
				t.Errorf("it ends %s, want %s", v.Findings[1].Until, c.until)
			}
			listed := say(t, "  - {id: r, require: '!listed(\"dnc:\" + subject, \"60 days\")'}\n", c.given)
			if listed.Decision != c.want {
				t.Errorf("listed with a span: %s", listed.Decision)
			}
		})
	}
	if v := say(t, "  - {id: r, absent_from: {lists: ['dnc:{subject}']}}\n", on(3000*day, 0)); v.Decision != touch.DecisionRefuse || !v.Findings[1].Until.IsZero() {
		t.Error("without for an entry stays")
	}
}

// A deferral stays one however long it is.
func TestLongDeferrals(t *testing.T) {
	refused := came(touch.Outcome{})
	checkRules(t, []ruleCase{
		{name: "two years", rules: `  - {id: r, cooldown: {after: [refused], for: 2 years}}`, given: refused, want: touch.DecisionDefer},
		{name: "a century", rules: `  - {id: r, cooldown: {after: [refused], for: 100 years}}`, given: refused, want: touch.DecisionDefer},
		{name: "two years, then hours", rules: "  - {id: r, cooldown: {after: [refused], for: 2 years}}\n  - {id: h, hours: {sat: ['09:00-10:00']}}", given: refused, want: touch.DecisionDefer},
		{name: "400 days, then hours", rules: "  - {id: r, cooldown: {after: [refused], for: 400 days}}\n  - {id: h, hours: {sat: ['09:00-10:00']}}", given: refused, want: touch.DecisionDefer},
		{name: "a cap of two years", rules: `  - {id: r, cap: {limit: 1, per: 2 years}}`, given: was(day, nil), want: touch.DecisionDefer},
		{name: "a wish of three years", rules: `  - {id: r, own: {hold: hold}}`, given: preference("hold", "2029-03-02"), want: touch.DecisionDefer},
		{name: "until a far date", rules: `  - {id: r, require: 'false', else: defer, until: 2030-01-01}`, want: touch.DecisionDefer},
		{name: "for ever", rules: `  - {id: r, cooldown: {after: [refused], for: forever}}`, given: refused, want: touch.DecisionRefuse},
		{name: "refused, not deferred", rules: `  - {id: r, cooldown: {after: [refused], for: 2 years}, else: refuse}`, given: refused, want: touch.DecisionRefuse},
		{name: "a year of five digits", rules: `  - {id: r, own: {hold: hold}}`, given: preference("hold", "9999-12-31T23:59:59-12:00"), want: touch.DecisionRefuse},
		{name: "hours that never meet", rules: "  - {id: a, when: channel == 'sms', hours: {sat: ['09:00-10:00']}, unless: consented('service')}\n  - {id: b, hours: {sun: ['09:00-10:00']}}", want: touch.DecisionRefuse},
	})
	v := say(t, "  - {id: r, cooldown: {after: [refused], for: 2 years}}\n  - {id: h, hours: {sat: ['09:00-10:00']}}\n", refused)
	if want := time.Date(2028, 3, 4, 1, 0, 0, 0, time.UTC); !v.Until.Equal(want) {
		t.Errorf("until %s, want %s", v.Until, want)
	}
}
