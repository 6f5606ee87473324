package ruleset_test

import (
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestFindings(t *testing.T) {
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

func TestFindingsArePrivate(t *testing.T) {
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

func TestJurisdictions(t *testing.T) {
	var sources []ruleset.Source
	for _, j := range []string{"us", "fr", "us-ca"} {
		sources = append(sources, ruleset.Source{Name: j, Data: []byte("policy: " + j + "\njurisdictions: [" + j + "]\nrules:\n  - {id: r, duty: d-" + j + "}\n")})
	}
	set, err := ruleset.Compile(sources, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for home, want := range map[string]string{
		"us-ca": "d-us d-us-ca", "fr": "d-fr", "de": "",
		// Who lives in the US may live in California, and nobody knows where "usa" is.
		"fr,us": "d-us d-fr d-us-ca", "us": "d-us d-us-ca", "us-ny": "d-us", "us,us-ny": "d-us", "US-CA": "d-us d-us-ca", "": "d-us d-fr d-us-ca", "usa": "d-us d-fr d-us-ca"} {
		q := ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
		q.TemplateObligations = []string{"d-us", "d-fr", "d-us-ca"}
		if home != "" {
			q.Customer.Jurisdictions = strings.Split(home, ",")
		}
		if v := set.Evaluate(q, known); strings.Join(v.Obligations, " ") != want {
			t.Errorf("%q: %v, want %s", home, v.Obligations, want)
		}
	}
}

func TestHoldoutShare(t *testing.T) {
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

func TestRatio(t *testing.T) {
	abandoned, known3 := 2, true
	set, err := ruleset.Compile([]ruleset.Source{{Name: "p", Data: []byte(
		"policy: p\nrules:\n  - {id: r, ratio: {of: abandoned, over: connected, max: 3%, per: 30 days, at_least: 50}}\n")}},
		ruleset.Options{CountOutcomes: func(caller, campaign, outcome string, since time.Time) (int, bool) {
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

func TestVerdictIsPure(t *testing.T) {
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
