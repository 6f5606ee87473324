package replay_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/replay"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

const rules = `policy: house
zone: Asia/Shanghai
rules:
  - {id: weekly, when: category == "marketing", cap: {limit: 2, per: 7d}}
  - {id: consent, when: category == "marketing", require: consented("marketing")}
`

// sample has two contacts in the week before, which is all that the cap of two
// allows, and one after.
const sample = `{
  "at": "2026-11-20T10:00:00+08:00",
  "touch": {"key": "k1", "customer": "c1", "category": "marketing", "plan": [{"channel": "sms"}]},
  "customer": {
    "id": "c1", "version": 4,
    "consents": [{"scope": "marketing", "granted": true, "at": "2026-01-01T00:00:00Z", "evidence": "doc-9"}]
  },
  "contacts": [
    {"at": "2026-11-18T10:00:00+08:00", "channel": "push", "category": "marketing"},
    {"at": "2026-11-19T10:00:00+08:00", "channel": "sms", "category": "marketing", "kind": "delivered"},
    {"at": "2026-11-21T10:00:00+08:00", "channel": "sms", "category": "marketing"}
  ]
}`

// withRoom returns sample with the first contact ten days earlier, so that the
// cap has room for one more.
func withRoom() string { return strings.Replace(sample, "2026-11-18", "2026-11-08", 1) }

func compile(t *testing.T, text string) *ruleset.Set {
	t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "house.yaml", Data: []byte(text)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func readCase(t *testing.T, text string) *replay.Case {
	t.Helper()
	c, err := replay.ReadCase([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func replayed(t *testing.T, d *replay.RecordedDecision) *replay.Comparison {
	t.Helper()
	c, err := d.Replay(ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEvaluateCountsEarlierContacts(t *testing.T) {
	v := readCase(t, sample).Evaluate(compile(t, rules))
	until := time.Date(2026, 11, 25, 2, 0, 0, int(time.Millisecond), time.UTC)
	if v.Decision != touch.DecisionDefer || v.Rule != "house/weekly" || !v.Until.Equal(until) || v.Customer != 4 {
		t.Errorf("got %+v, want a deferral by house/weekly until %s", v, until)
	}

	v = readCase(t, withRoom()).Evaluate(compile(t, rules))
	if v.Decision != touch.DecisionAllow {
		t.Errorf("a later or an old contact was counted: %+v", v)
	}
}

func TestEvaluateUnknownCustomer(t *testing.T) {
	c := readCase(t, `{
		"at": "2026-11-20T10:00:00Z",
		"touch": {"key": "k", "customer": "c", "category": "marketing", "plan": [{"channel": "sms"}]}
	}`)
	v := c.Evaluate(compile(t, rules))
	if v.Decision != touch.DecisionRefuse || v.Rule != "house/consent" {
		t.Errorf("got %+v, want a refusal by house/consent", v)
	}
}

func TestReadNamesTheFault(t *testing.T) {
	for _, c := range []struct{ want, old, new string }{
		{`unknown field "kye"`, `"key"`, `"kye"`},
		{"line 2", `10:00:00+08:00",`, `10:00:00+08:00" "`},
		{"at: is required", `"at": "2026-11-20T10:00:00+08:00",`, ``},
		{"touch.plan[0].channel", `"plan": [{"channel": "sms"`, `"plan": [{"channel": "fax"`},
		{"touch.category", `"category": "marketing", "plan"`, `"category": "spam", "plan"`},
		{"contacts[1].kind", `"delivered"`, `"arrived"`},
		{"contacts[0]", `"channel": "push"`, `"channel": "pusch"`},
		{"leg", `"plan": [{"channel": "sms"}]`, `"plan": []`},
		{"touch.customer", `"customer": "c1", "category"`, `"category"`},
		{"ahead[0]", `"contacts"`, `"ahead": [{"touch": {}}], "contacts"`},
	} {
		text := strings.Replace(sample, c.old, c.new, 1)
		_, err := replay.ReadCase([]byte(text))
		if touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s instead of %s: got error %v, want %q", c.new, c.old, err, c.want)
		}
	}

	if _, err := replay.ReadCase([]byte(sample + "{}")); err == nil {
		t.Error("a second object in the file was accepted")
	}
}

// record returns the decision on sample, changed, as it is read from its file.
func record(t *testing.T, change func(d *replay.RecordedDecision)) *replay.RecordedDecision {
	t.Helper()
	d := replay.RecordedDecision{
		Case:            *readCase(t, sample),
		Verdict:         readCase(t, sample).Evaluate(compile(t, rules)),
		Policies:        map[string]string{"house.yaml": rules},
		CustomerVersion: 4,
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

func TestReplaySame(t *testing.T) {
	c := replayed(t, record(t, nil))
	if !c.Same || len(c.Caveats) != 0 {
		t.Errorf("got differences %q and caveats %q, want none", c.Differences, c.Caveats)
	}
}

func TestReplayNamesDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *replay.RecordedDecision)
		want   string
	}{
		"missing contact": {
			func(d *replay.RecordedDecision) { d.Case.Contacts = d.Case.Contacts[1:] },
			"house/weekly: recorded defer, now allow",
		},
		"other document": {
			func(d *replay.RecordedDecision) { d.Policies["house.yaml"] += "\n" },
			"policies: recorded",
		},
		"other instant": {
			func(d *replay.RecordedDecision) { d.Verdict.Until = d.Verdict.Until.Add(1) },
			"until: recorded",
		},
		"other count": {
			func(d *replay.RecordedDecision) { d.Verdict.Findings[1].Count = 5 },
			"house/weekly counted: recorded 5 of 2, now 2 of 2",
		},
		"removed rule": {
			func(d *replay.RecordedDecision) { d.Verdict.Findings[1].Rule = "house/old" },
			"house/old: recorded defer, now without a finding",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := replayed(t, record(t, c.change))
			if got.Same || !strings.Contains(strings.Join(got.Differences, "\n"), c.want) {
				t.Errorf("differences %q, want %q", got.Differences, c.want)
			}
		})
	}
}

func TestReplayChangedCustomer(t *testing.T) {
	c := replayed(t, record(t, func(d *replay.RecordedDecision) {
		d.CustomerVersion = 6
		d.Case.Customer.Version = 6
	}))
	if !c.Same || len(c.Caveats) != 1 || !strings.Contains(c.Caveats[0], "version 4 then, 6 now") {
		t.Errorf("got differences %q and caveats %q", c.Differences, c.Caveats)
	}
}

// TestReplayContactInFlight has two touches of one batch. The reservation of the
// first made the cap defer the second, and the first went out a moment later.
func TestReplayContactInFlight(t *testing.T) {
	c := replayed(t, record(t, func(d *replay.RecordedDecision) {
		first := d.Case.Contacts[1]
		first.At = d.Case.At.Add(40 * time.Millisecond)
		d.Case.Contacts = d.Case.Contacts[:1]
		d.InFlight = []replay.Contact{first}
	}))
	if !c.Same || len(c.Caveats) != 1 || !strings.Contains(c.Caveats[0], "1 contacts") {
		t.Errorf("got differences %q and caveats %q", c.Differences, c.Caveats)
	}
}

// ranked is rules with a weekly cap that reserves room for waiting touches of
// higher priority.
func ranked() string { return strings.Replace(rules, "per: 7d", "per: 7d, start: ranked", 1) }

// withWaiting returns a case with room for one contact, and a waiting touch.
func withWaiting(t *testing.T, priority string) *replay.Case {
	t.Helper()
	waiting := `"ahead": [{
		"touch": {"key": "k2", "customer": "c1", "category": "marketing", "priority": ` + priority + `,
			"plan": [{"channel": "push"}]},
		"due": "2026-11-20T11:00:00+08:00"
	}], "contacts"`
	return readCase(t, strings.Replace(withRoom(), `"contacts"`, waiting, 1))
}

func TestEvaluateDefersToHigherPriority(t *testing.T) {
	set := compile(t, ranked())
	if v := withWaiting(t, "0").Evaluate(set); v.Decision != touch.DecisionAllow {
		t.Errorf("a touch of equal priority waits: got %+v, want allow", v)
	}
	v := withWaiting(t, "3").Evaluate(set)
	if v.Decision != touch.DecisionDefer || v.Rule != "house/weekly" || v.Kind != ruleset.KindRank {
		t.Errorf("a touch of higher priority waits: got %+v, want a deferral by house/weekly", v)
	}
}

// TestReplayWithoutTheHigherPriority: a recorded decision does not contain the
// touch that the cap reserved room for.
func TestReplayWithoutTheHigherPriority(t *testing.T) {
	d := replay.RecordedDecision{
		Case:            *readCase(t, withRoom()),
		Verdict:         withWaiting(t, "3").Evaluate(compile(t, ranked())),
		Policies:        map[string]string{"house.yaml": ranked()},
		CustomerVersion: 4,
	}
	if c := replayed(t, &d); !c.Same || len(c.Caveats) != 1 {
		t.Errorf("got differences %q and caveats %q", c.Differences, c.Caveats)
	}

	d.Verdict.Findings = slices.Clone(d.Verdict.Findings)
	d.Verdict.Findings[2].Decision = touch.DecisionRefuse
	if c := replayed(t, &d); c.Same {
		t.Error("a difference in another finding was not reported")
	}
}
