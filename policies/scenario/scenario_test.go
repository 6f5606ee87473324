package scenario_test

import (
	"context"
	"strings"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/scenario"
	"touchgate.dev/touch"
)

const head = `{"id": "x", "time_zone": "Asia/Shanghai", "holidays": ["2026-03-03"], "note": "n", "steps": [`

const good = head + `
 {"at": "2026-03-02T10:00:00+08:00", "do": "customer", "customer": "c", "attributes": {"vip": true}, "preferences": {"quiet": "12:00-13:00"}, "zones": ["Asia/Tokyo"]},
 {"at": "2026-03-02T10:00:00+08:00", "do": "consent", "customer": "c", "scope": "marketing", "until": "2026-03-02T11:00:00+08:00"},
 {"at": "2026-03-02T10:30:00+08:00", "do": "touch", "customer": "c", "channel": "sms", "category": "marketing", "subject": "s", "expect": "allow"},
 {"at": "2026-03-02T11:30:00+08:00", "do": "touch", "customer": "c", "channel": "sms", "category": "marketing", "subject": "s", "expect": "deny"},
 {"at": "2026-03-02T11:30:00+08:00", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "subject": "s", "expect": "defer", "until": "2026-03-02T12:00:00+08:00", "why": "noon in Tokyo", "subjct": 1},
 {"at": "2026-03-03T11:30:00+08:00", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "subject": "s", "expect": "defer", "until": "2026-03-03T23:00:00+08:00"}
]}`

const policy = `
policy: p
rules:
  - {id: consent, when: category == 'marketing', require: consented('marketing') && flag('vip')}
  - {id: own, own: {quiet: quiet}}
  - {id: holiday, hours: {daily: ['00:00-24:00'], holiday: []}}
`

func play(t *testing.T, text string) *scenario.Report {
	t.Helper()
	file, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policies.Compile([]policies.Source{{Name: "p.yaml", Data: []byte(policy)}}, file.Options(policies.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	report, err := scenario.Run(context.Background(), set, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestRunPlaysEveryKindOfStep(t *testing.T) {
	report := play(t, good)
	for _, s := range report.Differs() {
		t.Error(s)
	}
	if len(report.Steps) != 4 || strings.Join(report.File.Unknown, " ") != "note steps[4].subjct" {
		t.Errorf("%d steps, unknown %v", len(report.Steps), report.File.Unknown)
	}
}

func TestRunNamesTheStepThatDiffers(t *testing.T) {
	report := play(t, strings.Replace(good, `"expect": "deny"`, `"expect": "allow"`, 1))
	differs := report.Differs()
	if len(differs) != 1 || differs[0].Number != 4 || !strings.Contains(differs[0].String(), "DIFF step 4") || !strings.Contains(differs[0].String(), "p/consent") {
		t.Errorf("%v", differs)
	}
	report = play(t, strings.Replace(good, "T12:00:00+08:00\", \"why", "T12:00:01+08:00\", \"why", 1))
	if differs = report.Differs(); len(differs) != 1 || differs[0].Number != 5 {
		t.Errorf("an instant that is a second off: %v", differs)
	}
}

func TestParseRefuses(t *testing.T) {
	step := func(s string) string { return head + s + "]}" }
	for name, text := range map[string]string{
		"not JSON":        "{",
		"unknown zone":    `{"id": "x", "time_zone": "Mars/Olympus", "steps": []}`,
		"bad holiday":     `{"id": "x", "time_zone": "UTC", "holidays": ["soon"], "steps": []}`,
		"unknown step":    step(`{"at": "2026-03-02T10:00:00Z", "do": "dance", "customer": "c"}`),
		"unknown channel": step(`{"at": "2026-03-02T10:00:00Z", "do": "touch", "customer": "c", "channel": "fax", "category": "service", "expect": "allow"}`),
		"no expectation":  step(`{"at": "2026-03-02T10:00:00Z", "do": "touch", "customer": "c", "channel": "sms", "category": "service"}`),
		"defer till when": step(`{"at": "2026-03-02T10:00:00Z", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "expect": "defer"}`),
		"no customer":     step(`{"at": "2026-03-02T10:00:00Z", "do": "consent", "scope": "marketing"}`),
		"no scope":        step(`{"at": "2026-03-02T10:00:00Z", "do": "consent", "customer": "c"}`),
		"no outcome":      step(`{"at": "2026-03-02T10:00:00Z", "do": "outcome", "customer": "c"}`),
		"out of order":    step(`{"at": "2026-03-02T10:00:00Z", "do": "customer", "customer": "c"}, {"at": "2026-03-02T09:00:00Z", "do": "customer", "customer": "c"}`),
	} {
		if _, err := scenario.Parse([]byte(text)); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
