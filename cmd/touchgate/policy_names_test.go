package main

import "testing"

// TestCheckUnknownNames: what nothing knows is a fault or a warning with the
// nearest known name.
func TestCheckUnknownNames(t *testing.T) {
	dir := files(t, map[string]string{
		"faults/a.yaml": `policy: p
jurisdictions: [italy]
rules:
  - {id: a, cooldown: {after: [optout], for: 7 days}}
  - {id: b, require: consented("markting:smss")}
`,
		"list/a.yaml":              "policy: p\nrules:\n  - {id: a, absent_from: [nattional-dnc]}\n",
		"declared/a.yaml":          "policy: p\nrules:\n  - {id: a, absent_from: [nattional-dnc]}\n",
		"declared/vocabulary.yaml": "vocabulary:\n  lists: [national-dnc]\n",
		"right/a.yaml":             "policy: p\nrules:\n  - {id: a, absent_from: [national-dnc]}\n",
		"right/vocabulary.yaml":    "vocabulary:\n  lists: [national-dnc]\n",
	})
	expect(t, exitFailed, []string{"policy", "check", dir + "/faults"},
		`a.yaml:2: "italy" is not known as a jurisdiction (did you mean it?`,
		`a.yaml:4: "optout" is not known as an outcome (did you mean opt_out?`,
		`a.yaml:5: "markting:smss" is not known as a scope (did you mean marketing:sms?`, "3 faults")
	expect(t, exitOK, []string{"policy", "check", dir + "/list"},
		`a.yaml:3: warning: "nattional-dnc" is not known as a list`, "ok: 1 documents")
	expect(t, exitFailed, []string{"policy", "check", dir + "/declared"},
		`a.yaml:3: "nattional-dnc" is not known as a list (did you mean national-dnc?`, "1 fault")
	expect(t, exitOK, []string{"policy", "check", dir + "/right"}, "ok: 2 documents, 1 rules")
}

// TestCheckCalendars: a policy that asks for holidays needs a calendar, and is
// warned before it ends.
func TestCheckCalendars(t *testing.T) {
	const hours = "rules:\n  - {id: hours, hours: {mon-fri: [\"09:00-20:00\"], holiday: []}}\n"
	dir := files(t, map[string]string{
		"none.yaml":  "policy: p\n" + hours,
		"ended.yaml": "policy: p\nholidays: [2020-12-25]\n" + hours,
		"case.json": `{"at": "2027-01-05T10:00:00+08:00",
 "touch": {"key": "k", "customer": "c", "category": "marketing", "plan": [{"channel": "sms"}]}, "customer": {"id": "c", "zones": ["Asia/Shanghai"]}}`,
	})
	expect(t, exitFailed, []string{"policy", "check", dir + "/none.yaml"}, "none.yaml:3: holiday, eve and workday need a calendar")
	expect(t, exitFailed, []string{"policy", "explain", "--case", dir + "/case.json", "--policy", dir + "/none.yaml"}, "need a calendar")
	expect(t, exitOK, []string{"policy", "check", dir + "/ended.yaml"}, `ended.yaml:2: warning: the calendar "holidays of p" is known until 2020-12-31`)
	expect(t, exitOK, []string{"policy", "explain", "--case", dir + "/case.json", "--policy", dir + "/ended.yaml", "--zone", "Asia/Shanghai"},
		"sms must wait until Tue 2027-01-05 11:00:00 CST", `the calendar "holidays of p" is known until 2020-12-31 only`)
}

// TestPolicyTestReports: the steps are counted, and rules that decided none named.
func TestPolicyTestReports(t *testing.T) {
	dir := files(t, map[string]string{
		"policy.yaml": "policy: p\nrules:\n  - {id: once, cap: {limit: 1, per: 7d}, else: refuse}\n  - {id: idle, absent_from: {lists: [national-dnc]}}\n",
		"scenarios.json": `{"id": "s", "time_zone": "Europe/London", "steps": [
 {"at": "2026-10-20T10:00:00+01:00", "do": "register", "customer": "d", "scope": "nationl-dnc"},
 {"at": "2026-10-20T10:00:00+01:00", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "expect": "allow"},
 {"at": "2026-10-20T11:00:00+01:00", "do": "touch", "customer": "c", "channel": "sms", "category": "service", "expect": "deny"}]}`,
	})
	expect(t, exitOK, []string{"policy", "test", dir}, "no step was decided by p/idle", "ok: 1 scenarios, 3 steps",
		"no rule reads the list nationl-dnc (did you mean national-dnc?) in step 1")
}

// TestCheckNamesTheRightLine: what breaks in braces is named where it stands.
func TestCheckNamesTheRightLine(t *testing.T) {
	dir := files(t, map[string]string{
		"braces.yaml": "policy: p\nrules:\n  - {id: a, require: consented(\"x\", \"2 years\")}\n",
		"hours.yaml":  "policy: p\nrules:\n  - {id: a, hours: {daily: [\"09:00-10:00\"]}}\n  - {id: b, hours: {daily: [\"9:00-20:00\"]}}\n  - {id: c, hours: {daily: [\"22:00-08:00\"]}}\n",
	})
	expect(t, exitFailed, []string{"policy", "check", dir + "/braces.yaml"}, "braces.yaml:3: ", "single quotes", "1 fault")
	expect(t, exitFailed, []string{"policy", "check", dir + "/hours.yaml"}, "hours.yaml:4: ", "hours.yaml:5: ", "2 faults")
}
