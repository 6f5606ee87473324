package oracle

import (
	"strings"
	"testing"
	"time"

	"touchgate.dev/touch"
)

var t0 = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func id(key string) touch.ID { return touch.NewID("test", key) }

func took(key string, n int, at time.Time) Message {
	return Message{Dispatch: touch.DispatchID(id(key), n), At: at}
}

func again(m Message) Message { m.Resent = true; return m }

func claim(key string, s touch.State, sent ...int) Claim {
	return Claim{
		ID: id(key), Customer: "c1", Category: touch.Marketing,
		Channels: []touch.Channel{touch.Push, touch.SMS}, State: s, SentLegs: sent,
	}
}

func TestCheckCountsEachFault(t *testing.T) {
	waiting := claim("a", touch.StateDue)
	waiting.Due = t0.Add(time.Hour)
	overdue := claim("a", touch.StateDue)
	overdue.Due = t0.Add(-time.Second)
	timer := claim("a", touch.StateSent, 0)
	timer.Due = t0.Add(-time.Second)

	for name, c := range map[string]struct {
		claims                    []Claim
		truth                     []Message
		lost, duplicated, overCap int
	}{
		"sent and taken":             {claims: []Claim{claim("a", touch.StateSent, 0)}, truth: []Message{took("a", 0, t0)}},
		"refused":                    {claims: []Claim{claim("a", touch.StateRefused)}},
		"waits for its time":         {claims: []Claim{waiting}},
		"unconfirmed without a word": {claims: []Claim{claim("a", touch.StateUnconfirmed)}},
		"failed after it was taken":  {claims: []Claim{claim("a", touch.StateFailed, 0)}, truth: []Message{took("a", 0, t0)}},
		"not known":                  {lost: 1},
		"due in the past":            {claims: []Claim{overdue}, lost: 1},
		"sent, its timer ran out":    {claims: []Claim{timer}, truth: []Message{took("a", 0, t0)}, lost: 1},
		"in a worker's hands":        {claims: []Claim{claim("a", touch.StateSending)}, lost: 1},
		"unknown for ever":           {claims: []Claim{claim("a", touch.StateUnknown)}, lost: 1},
		"said to be sent":            {claims: []Claim{claim("a", touch.StateDelivered, 0, 1)}, truth: []Message{took("a", 0, t0)}, lost: 1},
		"taken, said to be capped":   {claims: []Claim{claim("a", touch.StateCapped)}, truth: []Message{took("a", 1, t0)}, lost: 1},
		"taken twice":                {claims: []Claim{claim("a", touch.StateSent, 0)}, truth: []Message{took("a", 0, t0), took("a", 0, t0.Add(time.Hour))}, duplicated: 1},
		"resent once":                {claims: []Claim{claim("a", touch.StateSent, 0)}, truth: []Message{took("a", 0, t0), again(took("a", 0, t0))}},
		"resent twice":               {claims: []Claim{claim("a", touch.StateSent, 0)}, truth: []Message{took("a", 0, t0), again(took("a", 0, t0)), again(took("a", 0, t0))}, duplicated: 1},
		"both legs once":             {claims: []Claim{claim("a", touch.StateSent, 0, 1)}, truth: []Message{took("a", 0, t0), took("a", 1, t0)}, overCap: 1},
	} {
		t.Run(name, func(t *testing.T) {
			once := Cap{Rule: "once", Limit: 1, Rolling: time.Hour}
			r := Check([]touch.ID{id("a")}, c.claims, c.truth, []Cap{once}, t0)
			if r.Lost != c.lost || r.Duplicated != c.duplicated || r.OverCap != c.overCap {
				t.Errorf("lost %d, duplicated %d, over cap %d, want %d, %d, %d: %v",
					r.Lost, r.Duplicated, r.OverCap, c.lost, c.duplicated, c.overCap, r.Examples)
			}
		})
	}
}

func TestCapWindows(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	hours := func(after ...int) (log []contact) {
		for _, h := range after {
			log = append(log, contact{at: t0.Add(time.Duration(h) * time.Hour), customer: "c1", channel: touch.SMS})
		}
		return log
	}
	for name, c := range map[string]struct {
		per   string
		limit int
		log   []contact
		want  int
	}{
		"at the limit":              {"24h", 2, hours(0, 1), 0},
		"one over":                  {"24h", 2, hours(0, 1, 2), 1},
		"exactly as old counts":     {"24h", 2, hours(0, 1, 24), 1},
		"the window has slid":       {"1d", 2, hours(0, 1, 25), 0},
		"any position counts":       {"24h", 2, hours(0, 20, 21, 43), 2},
		"in any order":              {"24h", 2, hours(43, 21, 0, 20), 2},
		"one day":                   {"day", 1, hours(0, 1, 2), 2},
		"a day ends in Berlin":      {"day", 1, hours(0, 11), 0}, // 13:00 and 24:00 there
		"the same day in Berlin":    {"1 day", 1, hours(0, 10), 1},
		"three dates":               {"3 days", 1, hours(0, 48), 1},
		"three dates have gone":     {"3 days", 1, hours(0, 72), 0},
		"Tuesday and Sunday":        {"week", 1, hours(0, 5*24), 1},
		"Tuesday and Monday":        {"week", 1, hours(0, 6*24), 0},
		"one month, then the other": {"month", 1, hours(0, 22*24), 0},
	} {
		t.Run(name, func(t *testing.T) {
			rule := Cap{Limit: c.limit}
			if !rule.window(c.per, func(string) *time.Location { return berlin }) {
				t.Fatalf("%q is not read", c.per)
			}
			if got := rule.over(c.log); got != c.want {
				t.Errorf("%d over, want %d", got, c.want)
			}
		})
	}
}

func TestReadCaps(t *testing.T) {
	const document = `
policy: test
rules:
  - {id: quiet, when: category == "marketing", hours: {mon-fri: ["09:00-20:00"]}}
  - {id: weekly, when: category == "marketing", cap: {limit: 1, per: 7d, by: [customer]}, else: defer}
  - {id: texts, when: 'category == "marketing" && channel in ["sms", "push"]', cap: {limits: [{limit: 1, per: 1h}, {limit: 5, per: day}]}}
  - {id: by-subject, cap: {limit: 1, per: 1h, by: subject}}
  - {id: total, when: channel == "sms", cap: {limit: 1, per: 1h, of: {channels: [sms, push]}}}
  - {id: shadowed, shadow: true, cap: {limit: 1, per: 1h}}
  - {id: excused, unless: consented("x"), cap: {limit: 1, per: 1h}}
  - {id: computed, when: customer.tags.exists(t, t == "vip"), cap: {limit: 1, per: 1h}}
  - {id: calls, cap: {limit: 1, per: 1h, count: connected}}
  - {id: business, cap: {limit: 1, per: 10 business days}}
`
	caps, unchecked, err := ReadCaps(map[string][]byte{"p.yaml": []byte(document)}, func(string) *time.Location { return time.UTC })
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, c := range caps {
		rules = append(rules, c.Rule)
	}
	if got, want := strings.Join(rules, " "), "weekly texts texts by-subject total"; got != want {
		t.Errorf("caps %q, want %q", got, want)
	}
	if got, want := strings.Join(unchecked, " "), "test/excused test/computed test/calls test/business"; got != want {
		t.Errorf("unchecked %q, want %q", got, want)
	}

	loan, card := claim("a", touch.StateSent, 0), claim("b", touch.StateSent, 0)
	loan.Subject, card.Subject = "loan", "card"
	push := []Message{took("a", 0, t0), took("b", 0, t0)}
	pushThenSMS := []Message{took("a", 0, t0), took("b", 1, t0.Add(time.Minute))}
	for name, c := range map[string]struct {
		rule  string
		truth []Message
		want  int
	}{
		"one a week":                {"weekly", push, 1},
		"one an hour":               {"texts", push, 1},
		"counted apart":             {"by-subject", push, 0},
		"counted, and not bound":    {"total", push, 0},
		"bound by what went before": {"total", pushThenSMS, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var some []Cap
			for _, k := range caps {
				if k.Rule == c.rule {
					some = append(some, k)
				}
			}
			if r := Check([]touch.ID{loan.ID, card.ID}, []Claim{loan, card}, c.truth, some, t0); r.OverCap != c.want {
				t.Errorf("%d over, want %d", r.OverCap, c.want)
			}
		})
	}
}
