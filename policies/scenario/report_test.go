package scenario_test

import (
	"strings"
	"testing"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
)

func TestUntilOnTheCustomersClocks(t *testing.T) {
	late := strings.Replace(good, `"until": "2026-03-02T12:00:00+08:00"`, `"until": "2026-03-02T05:00:00Z"`, 1)
	line := run(t, late).Differs()[0].String()
	if !strings.Contains(line, "expected defer until 2026-03-02T13:00:00+08:00, got defer until 2026-03-02T12:00:00+08:00 by p/own") {
		t.Error(line)
	}
}

func TestUndecidedRules(t *testing.T) {
	report := run(t, good)
	set := []string{"p/consent", "p/own", "p/holiday", "p/never"}
	if idle := scenario.Undecided(set, report); len(idle) != 1 || idle[0] != "p/never" {
		t.Errorf("%v", idle)
	}
	if idle := scenario.Undecided(set); len(idle) != 4 {
		t.Errorf("without a report: %v", idle)
	}
}

func TestUnreadNames(t *testing.T) {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "p.yaml", Data: []byte(policy + "  - {id: dnc, absent_from: national_dnc}\n")}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := `{"at": "2026-03-02T10:00:00Z", "customer": "c", `
	file, err := scenario.Parse([]byte(`{"id": "x", "time_zone": "UTC", "steps": [` + strings.Join([]string{
		at + `"do": "register", "scope": "nationl_dnc"}`, at + `"do": "register", "scope": "national_dnc"}`,
		at + `"do": "revoke", "scope": "Marketing"}`, at + `"do": "outcome", "outcome": "refuse"}`,
	}, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "the list nationl_dnc (did you mean national_dnc?) in step 1; the scope Marketing (did you mean marketing?) in step 3; the outcome refuse (did you mean refused?) in step 4"
	if got := strings.Join(file.UnreadNames(set.Vocabulary()), "; "); got != want {
		t.Error(got)
	}
}
