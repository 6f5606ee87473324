package scenario_test

import (
	"context"
	"strings"
	"testing"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/scenario"
	"touchgate.dev/touch"
)

const head = `{"id": "x", "time_zone": "Asia/Shanghai", "holidays": ["2026-03-03"], "note": "n", "steps": [`

// good has a step of each kind but outcome, register and unregister. Its
// customer lives in Tokyo; 3 March is a holiday. It has two unknown keys.
const good = head + `
 {"at": "2026-03-02T10:00:00+08:00", "do": "customer", "customer": "c",
  "attributes": {"vip": true}, "preferences": {"quiet": "12:00-13:00"}, "zones": ["Asia/Tokyo"]},
 {"at": "2026-03-02T10:00:00+08:00", "do": "consent", "customer": "c",
  "scope": "marketing", "until": "2026-03-02T11:00:00+08:00"},
 {"at": "2026-03-02T10:30:00+08:00", "do": "touch", "customer": "c",
  "channel": "sms", "category": "marketing", "subject": "s", "expect": "allow"},
 {"at": "2026-03-02T11:30:00+08:00", "do": "touch", "customer": "c",
  "channel": "sms", "category": "marketing", "subject": "s", "expect": "deny"},
 {"at": "2026-03-02T11:30:00+08:00", "do": "touch", "customer": "c",
  "channel": "sms", "category": "service", "subject": "s",
  "expect": "defer", "until": "2026-03-02T12:00:00+08:00", "why": "noon in Tokyo", "subjct": 1},
 {"at": "2026-03-03T11:30:00+08:00", "do": "touch", "customer": "c",
  "channel": "sms", "category": "service", "subject": "s",
  "expect": "defer", "until": "2026-03-03T23:00:00+08:00"}
]}`

const policy = `
policy: p
holidays: [2026-01-01]
rules:
  - {id: consent, when: category == 'marketing', require: consented('marketing') && flag('vip')}
  - {id: own, own: {quiet: quiet}}
  - {id: holiday, hours: {daily: ['00:00-24:00'], holiday: []}}
`

func run(t *testing.T, text string) *scenario.Report {
	t.Helper()
	file, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, err := ruleset.Compile([]ruleset.Source{{Name: "p.yaml", Data: []byte(policy)}}, file.Options(ruleset.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	report, err := scenario.Run(context.Background(), set, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestRun(t *testing.T) {
	report := run(t, good)
	for _, s := range report.Differs() {
		t.Error(s)
	}
	if len(report.Steps) != 4 {
		t.Errorf("%d touch steps were run, want 4", len(report.Steps))
	}
	if unknown := strings.Join(report.File.Unknown, " "); unknown != "note steps[4].subjct" {
		t.Errorf("unknown keys %q", unknown)
	}
}

func TestRunReportsOtherDecision(t *testing.T) {
	differs := run(t, strings.Replace(good, `"expect": "deny"`, `"expect": "allow"`, 1)).Differs()
	if len(differs) != 1 || differs[0].Number != 4 {
		t.Fatalf("got %v, want step 4", differs)
	}
	line := differs[0].String()
	if !strings.Contains(line, "DIFF step 4") || !strings.Contains(line, "p/consent") {
		t.Errorf("got %q", line)
	}
}

func TestRunReportsOtherInstant(t *testing.T) {
	late := strings.Replace(good, "T12:00:00+08:00\", \"why", "T12:00:01+08:00\", \"why", 1)
	if differs := run(t, late).Differs(); len(differs) != 1 || differs[0].Number != 5 {
		t.Errorf("got %v, want step 5, whose instant is a second off", differs)
	}
}

func TestParseRejects(t *testing.T) {
	const at = `"at": "2026-03-02T10:00:00Z"`
	steps := func(s string) string { return head + s + "]}" }
	touchStep := func(channel, rest string) string {
		return steps(`{` + at + `, "do": "touch", "customer": "c", "channel": "` + channel + `", "category": "service"` + rest + `}`)
	}
	for name, text := range map[string]string{
		"not JSON":        "{",
		"unknown zone":    `{"id": "x", "time_zone": "Mars/Olympus", "steps": []}`,
		"bad holiday":     `{"id": "x", "time_zone": "UTC", "holidays": ["soon"], "steps": []}`,
		"unknown step":    steps(`{` + at + `, "do": "dance", "customer": "c"}`),
		"unknown channel": touchStep("fax", `, "expect": "allow"`),
		"no expectation":  touchStep("sms", ``),
		"defer, no until": touchStep("sms", `, "expect": "defer"`),
		"no customer":     steps(`{` + at + `, "do": "consent", "scope": "marketing"}`),
		"no scope":        steps(`{` + at + `, "do": "consent", "customer": "c"}`),
		"no outcome":      steps(`{` + at + `, "do": "outcome", "customer": "c"}`),
		"out of order": steps(`{` + at + `, "do": "customer", "customer": "c"},
			{"at": "2026-03-02T09:00:00Z", "do": "customer", "customer": "c"}`),
	} {
		if _, err := scenario.Parse([]byte(text)); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: got error %v, want class Invalid", name, err)
		}
	}
}
