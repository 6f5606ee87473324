package ruleset_test

import (
	"os"
	"strings"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/internal/policytest"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
)

// The reference in the repository is the code's; UPDATE=1 writes it anew.
func TestReferenceIsUpToDate(t *testing.T) {
	want := ruleset.Reference()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("../../docs/policy-reference.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("../../docs/policy-reference.md")
	if err != nil || string(got) != want {
		t.Errorf("docs/policy-reference.md is not what the code says (%v): run touchgate policy reference > docs/policy-reference.md", err)
	}
}

// Every example in it compiles, each in a set with the calendar and the words of
// the others, without a fault and without a warning.
func TestReferenceExamplesCompile(t *testing.T) {
	parts := strings.Split(ruleset.Reference(), "```yaml\n")[1:]
	if len(parts) != 15 {
		t.Fatalf("%d examples: want the document, one for each kind, two of counts, a calendar and a vocabulary", len(parts))
	}
	var calendar, vocabulary string
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], "```")
		switch {
		case strings.HasPrefix(parts[i], "calendar:"):
			calendar = parts[i]
		case strings.HasPrefix(parts[i], "title: Words"):
			vocabulary = parts[i]
		}
	}
	if calendar == "" || vocabulary == "" {
		t.Fatal("an example of a calendar or a vocabulary is missing")
	}
	for _, example := range parts {
		switch {
		case example == calendar || example == vocabulary:
			example = "policy: p\n"
		case strings.HasPrefix(example, "  - "):
			example = "policy: p\ncalendar: bank\nrules:\n" + example
		}
		if got := found(t, example, calendar, vocabulary); got != "" {
			t.Errorf("%s\n%s", example, got)
		}
	}
}

// The example of a scenario has the answers that it expects.
func TestReferenceScenario(t *testing.T) {
	parts := strings.Split(ruleset.Reference(), "```json\n")
	if len(parts) != 2 {
		t.Fatal("want one scenario")
	}
	example, _, _ := strings.Cut(parts[1], "```")
	file, err := scenario.Parse([]byte(example))
	if err != nil || len(file.Unknown) > 0 {
		t.Fatal(err, file.Unknown)
	}
	set := compile(t, "policy: p\nrules:\n  - {id: night, when: category == 'marketing', hours: {daily: ['09:00-20:00']}}\n")
	report, err := scenario.Run(t.Context(), set, file, nil)
	if err != nil || len(report.Steps) != 1 || len(report.Differs()) > 0 {
		t.Errorf("%v, %v", report.Differs(), err)
	}
}

// What the reference says of the own day is what the engine does.
func TestReferenceSpanTable(t *testing.T) {
	for _, row := range []string{
		"| `7 days` | Thu 2 April 00:00 | Thu 2 April 00:00 |",
		"| `7 full days` | Fri 3 April 00:00 | Fri 3 April 00:00 |",
		"| `10 business days` | Tue 14 April 00:00 | Sat 11 April 00:00 |",
		"| `10 full business days` | Tue 14 April 00:00 | Tue 14 April 00:00 |",
	} {
		if !strings.Contains(ruleset.Reference(), row) {
			t.Errorf("%s is missing", row)
		}
	}
}

func TestExplain(t *testing.T) {
	v := say(t, "  - {id: week, cap: {limit: 1, per: 7d}}\n  - {id: vip, require: 'false', unless: consented('marketing')}\n",
		func(q *ruleset.Question, log *contactlog.Snapshot) {
			contact(q, log, day, nil)
			consent("marketing", true, day, 0)(q, log)
		})
	text := policies.Explain(v, mustZone(policytest.Shanghai))
	for _, want := range []string{"sms must wait until Sun 2026-03-08 12:00:00 CST", "p/week decided", "counted 1 of 1", "excused; evidence: doc-7", v.Policy} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}
