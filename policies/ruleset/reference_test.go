package ruleset_test

import (
	"os"
	"strings"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/internal/policytest"
	"touchgate.dev/policies/ruleset"
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

// Every example in it compiles.
func TestReferenceExamplesCompile(t *testing.T) {
	parts := strings.Split(ruleset.Reference(), "```yaml\n")[1:]
	if len(parts) != 11 {
		t.Fatalf("%d examples: want the document and one for each kind", len(parts))
	}
	for i, part := range parts {
		example, _, _ := strings.Cut(part, "```")
		if i > 0 {
			example = "policy: p\ncalendar: fr\nrules:\n" + example
		}
		compile(t, example)
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
