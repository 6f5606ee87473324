package replay_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/replay"
	"touchgate.dev/touch"
)

const rules = `policy: house
zone: Asia/Shanghai
rules:
  - {id: weekly, when: category == "marketing", cap: {limit: 2, per: 7d}}
  - {id: consent, when: category == "marketing", require: consented("marketing")}
`

const sample = `{
  "at": "2026-11-20T10:00:00+08:00",
  "touch": {"key": "k1", "customer": "c1", "category": "marketing", "plan": [{"channel": "sms"}]},
  "customer": {"id": "c1", "version": 4, "consents": [{"scope": "marketing", "granted": true, "at": "2026-01-01T00:00:00Z", "evidence": "doc-9"}]},
  "contacts": [
    {"at": "2026-11-18T10:00:00+08:00", "channel": "push", "category": "marketing"},
    {"at": "2026-11-19T10:00:00+08:00", "channel": "sms", "category": "marketing", "kind": "delivered"},
    {"at": "2026-11-21T10:00:00+08:00", "channel": "sms", "category": "marketing"}
  ]
}`

func set(t *testing.T) *policies.Set {
	t.Helper()
	s, err := policies.Compile([]policies.Source{{Name: "house.yaml", Data: []byte(rules)}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, text string) *replay.Case {
	t.Helper()
	c, err := replay.ReadCase([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestJudge(t *testing.T) {
	v := read(t, sample).Judge(set(t))
	want := time.Date(2026, 11, 25, 2, 0, 0, int(time.Millisecond), time.UTC)
	if v.Decision != touch.DecisionDefer || v.Rule != "house/weekly" || !v.Until.Equal(want) || v.Customer != 4 {
		t.Errorf("%+v", v)
	}
	one := read(t, strings.Replace(sample, "2026-11-18", "2026-11-08", 1))
	if v := one.Judge(set(t)); v.Decision != touch.DecisionAllow {
		t.Errorf("a contact made later or long ago counted: %+v", v)
	}
	nothing := read(t, `{"at": "2026-11-20T10:00:00Z", "touch": {"key": "k", "customer": "c", "category": "marketing", "plan": [{"channel": "sms"}]}}`)
	if v := nothing.Judge(set(t)); v.Decision != touch.DecisionRefuse || v.Rule != "house/consent" {
		t.Errorf("%+v", v)
	}
}

func TestReadNamesTheFault(t *testing.T) {
	for find, change := range map[string][2]string{
		`unknown field "kye"`:   {`"key"`, `"kye"`},
		"line 2":                {`10:00:00+08:00",`, `10:00:00+08:00" "`},
		"at: is required":       {`"at": "2026-11-20T10:00:00+08:00",`, ``},
		"touch.plan[0].channel": {`"plan": [{"channel": "sms"`, `"plan": [{"channel": "fax"`},
		"touch.category":        {`"category": "marketing", "plan"`, `"category": "spam", "plan"`},
		"contacts[1].kind":      {`"delivered"`, `"arrived"`},
		"contacts[0]":           {`"channel": "push"`, `"channel": "pusch"`},
		"leg":                   {`"plan": [{"channel": "sms"}]`, `"plan": []`},
		"touch.customer":        {`"customer": "c1", "category"`, `"category"`},
	} {
		_, err := replay.ReadCase([]byte(strings.Replace(sample, change[0], change[1], 1)))
		if touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), find) {
			t.Errorf("%s: %v", find, err)
		}
	}
	if _, err := replay.ReadCase([]byte(sample + "{}")); err == nil {
		t.Error("a second object was passed over")
	}
}

// decision records what sample comes to, and reads it back from its file.
func decision(t *testing.T, change func(d *replay.RecordedDecision)) *replay.RecordedDecision {
	t.Helper()
	d := replay.RecordedDecision{
		Case: *read(t, sample), Verdict: read(t, sample).Judge(set(t)),
		Policies: map[string]string{"house.yaml": rules}, CustomerVersion: 4,
	}
	if change != nil {
		change(&d)
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := replay.ReadDecision(data)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestReplay(t *testing.T) {
	c, err := decision(t, nil).Replay(policies.Options{})
	if err != nil || !c.Same || len(c.Reservations) != 0 {
		t.Errorf("%+v %v", c, err)
	}
	for name, try := range map[string]struct {
		change func(d *replay.RecordedDecision)
		want   string
	}{
		"a contact is missing": {func(d *replay.RecordedDecision) { d.Case.Contacts = d.Case.Contacts[1:] }, "house/weekly: recorded defer, now allow"},
		"another document":     {func(d *replay.RecordedDecision) { d.Policies["house.yaml"] += "\n" }, "policies: recorded"},
		"another instant":      {func(d *replay.RecordedDecision) { d.Verdict.Until = d.Verdict.Until.Add(1) }, "until: recorded"},
		"another count":        {func(d *replay.RecordedDecision) { d.Verdict.Findings[1].Count = 5 }, "house/weekly counted: recorded 5 of 2, now 2 of 2"},
		"a rule that is gone":  {func(d *replay.RecordedDecision) { d.Verdict.Findings[1].Rule = "house/old" }, "house/old: recorded defer, now without a finding"},
	} {
		c, err := decision(t, try.change).Replay(policies.Options{})
		if err != nil || c.Same || !strings.Contains(strings.Join(c.Differences, "\n"), try.want) {
			t.Errorf("%s: %v %+v", name, err, c)
		}
	}
	later := decision(t, func(d *replay.RecordedDecision) { d.CustomerVersion = 6; d.Case.Customer.Version = 6 })
	if c, err := later.Replay(policies.Options{}); err != nil || !c.Same || len(c.Reservations) != 1 {
		t.Errorf("%+v %v", c, err)
	}
}

// The start rule off line: a touch of higher priority that waits, and is not in
// the record of a decision.
func TestAhead(t *testing.T) {
	ranked := strings.Replace(rules, "per: 7d", "per: 7d, start: ranked", 1)
	s, err := policies.Compile([]policies.Source{{Name: "house.yaml", Data: []byte(ranked)}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	one := strings.Replace(sample, "2026-11-18", "2026-11-08", 1)
	waiting := func(priority string) *replay.Case {
		return read(t, strings.Replace(one, `"contacts"`, `"ahead": [{"touch": {"key": "k2", "customer": "c1", "category": "marketing", "priority": `+
			priority+`, "plan": [{"channel": "push"}]}, "due": "2026-11-20T11:00:00+08:00"}], "contacts"`, 1))
	}
	if v := waiting("0").Judge(s); v.Decision != touch.DecisionAllow {
		t.Errorf("%+v", v)
	}
	v := waiting("3").Judge(s)
	if v.Decision != touch.DecisionDefer || v.Rule != "house/weekly" || v.Kind != policies.KindRank {
		t.Errorf("%+v", v)
	}
	d := replay.RecordedDecision{Case: *read(t, one), Verdict: v, Policies: map[string]string{"house.yaml": ranked}, CustomerVersion: 4}
	if c, err := d.Replay(policies.Options{}); err != nil || !c.Same || len(c.Reservations) != 1 {
		t.Errorf("%+v %v", c, err)
	}
	d.Verdict.Findings[2].Decision = touch.DecisionRefuse
	if c, err := d.Replay(policies.Options{}); err != nil || c.Same {
		t.Errorf("another finding differs, and that was passed over: %+v %v", c, err)
	}
	if _, err := replay.ReadCase([]byte(strings.Replace(one, `"contacts"`, `"ahead": [{"touch": {}}], "contacts"`, 1))); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("a touch without a leg: %v", err)
	}
}

// Two touches of one batch: the second was denied by the place that the first
// held, and the first went out a moment later.
func TestReplayCountsWhatWasInFlight(t *testing.T) {
	d := decision(t, func(d *replay.RecordedDecision) {
		last := d.Case.Contacts[1]
		d.Case.Contacts = d.Case.Contacts[:1]
		last.At = d.Case.At.Add(40 * time.Millisecond)
		d.InFlight = []replay.Contact{last}
	})
	c, err := d.Replay(policies.Options{})
	if err != nil || !c.Same || len(c.Reservations) != 1 || !strings.Contains(c.Reservations[0], "1 contacts") {
		t.Errorf("%+v %v", c, err)
	}
}
