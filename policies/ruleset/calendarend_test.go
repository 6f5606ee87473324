package ruleset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// newYear is an instant on Shanghai's clocks of 2026 or 2027, such as
// "2027-01-05 10:00".
func newYear(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, mustZone("Asia/Shanghai"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestPastTheCalendarsEnd(t *testing.T) {
	const end = `the calendar "cn" is known until 2026-12-31 only`
	const hours = "  - {id: r, hours: {mon-fri: ['09:00-20:00'], holiday: []}"
	outcome := func(at string) func(q *ruleset.Question) {
		return func(q *ruleset.Question) {
			q.Customer.Outcomes = []touch.Outcome{{Kind: "refused", At: newYear(t, at)}}
		}
	}
	on := func(at string) func(q *ruleset.Question) {
		return func(q *ruleset.Question) { q.Listings = []touch.Listing{listing("dnc", newYear(t, at))} }
	}
	no := func(at string) func(q *ruleset.Question) {
		return func(q *ruleset.Question) {
			q.Customer.Consents = []touch.Consent{{Scope: "marketing", At: newYear(t, at)}}
		}
	}
	grace := "  - {id: r, absent_from: {lists: [dnc], grace: 10 business days}}"
	term := "  - {id: r, require: '!revoked(\"marketing\", \"5 business days\")'}"
	for name, c := range map[string]struct {
		rule  string
		given func(q *ruleset.Question)
		now   string
		want  touch.Decision
		until string
		says  bool // that the calendar ends
	}{
		"before the end":               {hours + "}", nil, "2026-12-30 10:00", touch.DecisionAllow, "", false},
		"closed before the end":        {hours + "}", nil, "2026-12-30 20:30", touch.DecisionDefer, "2026-12-31 09:00", false},
		"the evening of the last day":  {hours + "}", nil, "2026-12-31 20:30", touch.DecisionDefer, "2027-01-01 09:00", true},
		"a day that may be a holiday":  {hours + "}", nil, "2027-01-05 10:00", touch.DecisionDefer, "2027-01-05 11:00", true},
		"refusing hours wait too":      {hours + ", else: refuse}", nil, "2027-01-05 10:00", touch.DecisionDefer, "2027-01-05 11:00", true},
		"but not in the night":         {hours + ", else: refuse}", nil, "2027-01-05 22:00", touch.DecisionRefuse, "", true},
		"a closing day that may be":    {hours + "}", nil, "2027-01-05 19:30", touch.DecisionDefer, "2027-01-06 09:00", true},
		"a cool-down runs":             {"  - {id: r, cooldown: {after: [refused], for: 5 business days}}", outcome("2026-12-30 10:00"), "2026-12-31 10:00", touch.DecisionDefer, "2027-01-07 00:00", false},
		"a cool-down may be over":      {"  - {id: r, cooldown: {after: [refused], for: 5 business days}}", outcome("2026-12-30 10:00"), "2027-01-08 10:00", touch.DecisionDefer, "2027-01-08 11:00", true},
		"a cool-down is over":          {"  - {id: r, cooldown: {after: [refused], for: 5 business days}}", outcome("2026-12-01 10:00"), "2027-01-08 10:00", touch.DecisionAllow, "", false},
		"a grace runs":                 {grace, on("2026-12-29 10:00"), "2027-01-08 10:00", touch.DecisionAllow, "", false},
		"a grace may be over":          {grace, on("2026-12-29 10:00"), "2027-01-14 10:00", touch.DecisionDefer, "2027-01-14 11:00", true},
		"a grace is over":              {grace, on("2026-12-01 10:00"), "2027-01-12 10:00", touch.DecisionRefuse, "", false},
		"a term may be over":           {term, no("2026-12-29 10:00"), "2027-01-14 10:00", touch.DecisionDefer, "2027-01-14 11:00", true},
		"a term runs":                  {term, no("2026-12-29 10:00"), "2026-12-30 10:00", touch.DecisionAllow, "", false},
		"hours without a holiday word": {"  - {id: r, hours: {mon-fri: ['09:00-20:00']}}", nil, "2027-01-05 10:00", touch.DecisionAllow, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			q := ask("k", "c", touch.Marketing, touch.SMS, newYear(t, c.now))
			if c.given != nil {
				c.given(&q)
			}
			v := compile(t, "policy: p\ncalendar: cn\nrules:\n"+c.rule+"\n").Evaluate(q, known)
			if v.Decision != c.want {
				t.Fatalf("%s, want %s: %+v", v.Decision, c.want, v.Findings)
			}
			if c.until != "" && !v.Until.Equal(newYear(t, c.until)) {
				t.Errorf("until %s, want %s", v.Until.In(mustZone("Asia/Shanghai")), c.until)
			}
			if says := strings.Contains(fmt.Sprint(v.Findings), end); says != c.says {
				t.Errorf("says that the calendar ends: %v: %+v", says, v.Findings)
			}
		})
	}
}

func TestEndingCalendars(t *testing.T) {
	set := compile(t, "policy: p\ncalendar: cn\nrules:\n  - {id: r, hours: {daily: ['09:00-20:00'], holiday: []}}\n")
	for now, want := range map[string]int{"2026-11-01 10:00": 0, "2026-11-03 10:00": 1, "2027-03-01 10:00": 1} {
		warnings := set.EndingCalendars(newYear(t, now))
		if len(warnings) != want {
			t.Errorf("at %s: %v", now, warnings)
		}
		for _, w := range warnings {
			if w.Line != 2 || !strings.Contains(w.Message, `"cn" is known until 2026-12-31`) {
				t.Error(w)
			}
		}
	}
	for name, document := range map[string]string{
		"a calendar that no rule asks": "policy: p\ncalendar: cn\nrules:\n  - {id: r, hours: {daily: ['09:00-20:00']}}\n",
		"no calendar":                  "policy: p\n",
	} {
		if ends := compile(t, document).CalendarEnds(); len(ends) != 0 {
			t.Errorf("%s: %v", name, ends)
		}
	}
	inline := compile(t, "policy: p\nrules:\n  - {id: r, cooldown: {after: [refused], for: 3 business days}}\nholidays: [2026-12-25]\n")
	if ends := inline.CalendarEnds(); len(ends) != 1 || ends[0].Last.String() != "2026-12-31" || ends[0].Calendar != "holidays of p" {
		t.Errorf("%v", ends)
	}
}

func TestHolidayWordsNeedACalendar(t *testing.T) {
	for name, rule := range map[string]string{
		"holiday":        "hours: {mon-fri: ['09:00-20:00'], holiday: []}",
		"eve":            "hours: {mon-fri: ['09:00-20:00'], eve: ['09:00-12:00']}",
		"workday":        "hours: {mon-fri: ['09:00-20:00'], workday: ['09:00-12:00']}",
		"in a list":      "hours: {'mon-fri,holiday': ['09:00-20:00']}",
		"cap":            "cap: {limit: 1, per: 5 business days}",
		"cool-down":      "cooldown: {after: [refused], for: 5 business days}",
		"grace":          "absent_from: {lists: [suppression], grace: 5 business days}",
		"in a condition": `require: '!revoked("marketing", "5 business days")'`,
	} {
		t.Run(name, func(t *testing.T) {
			document := "policy: p\nrules:\n  - {id: r, " + rule + "}\n"
			if got := found(t, document); !strings.HasPrefix(got, "fault a.yaml:3: ") || !strings.Contains(got, "need a calendar") {
				t.Errorf("without a calendar: %q", got)
			}
			if got := found(t, document+"calendar: fr\n"); got != "" {
				t.Errorf("with a calendar: %q", got)
			}
			// The bank's own dates, as those of a scenario, are no calendar.
			_, err := ruleset.Compile(documents(document), ruleset.Options{Holidays: nil})
			if err == nil {
				t.Error("no fault")
			}
		})
	}
	if got := found(t, "policy: p\nholidays: [2025-12-25, 2027-01-01]\n"); !strings.Contains(got, "no holiday of 2026") {
		t.Errorf("a year between: %q", got)
	}
}
