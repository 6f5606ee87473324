package oracle

import (
	"strings"
	"testing"
	"time"

	"touchgate.dev/touch"
)

var t0 = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func id(key string) touch.ID { return touch.NewID("test", key) }

// received is a message for a leg of a touch.
func received(key string, n int, at time.Time) Message {
	return Message{Dispatch: touch.DispatchID(id(key), n), At: at}
}

func resent(m Message) Message {
	m.Resent = true
	return m
}

func claim(key string, s touch.State, sent ...int) Claim {
	return Claim{
		ID: id(key), Customer: "c1", Category: touch.Marketing,
		Channels: []touch.Channel{touch.Push, touch.SMS}, State: s, SentLegs: sent,
	}
}

func TestCheck(t *testing.T) {
	waiting := claim("a", touch.StateDue)
	waiting.Due = t0.Add(time.Hour)
	overdue := claim("a", touch.StateDue)
	overdue.Due = t0.Add(-time.Second)
	timer := claim("a", touch.StateSent, 0)
	timer.Due = t0.Add(-time.Second)

	one := received("a", 0, t0)
	later := received("a", 0, t0.Add(time.Hour))
	second := received("a", 1, t0)
	for name, c := range map[string]struct {
		claim                     Claim // the zero value: none
		received                  []Message
		lost, duplicated, overCap int
	}{
		"sent and received":        {claim: claim("a", touch.StateSent, 0), received: []Message{one}},
		"refused":                  {claim: claim("a", touch.StateRefused)},
		"not yet due":              {claim: waiting},
		"unconfirmed, no message":  {claim: claim("a", touch.StateUnconfirmed)},
		"failed, received before":  {claim: claim("a", touch.StateFailed, 0), received: []Message{one}},
		"not known":                {lost: 1},
		"due in the past":          {claim: overdue, lost: 1},
		"sent, its timer ran out":  {claim: timer, received: []Message{one}, lost: 1},
		"still in delivery":        {claim: claim("a", touch.StateSending), lost: 1},
		"unknown for ever":         {claim: claim("a", touch.StateUnknown), lost: 1},
		"one of two legs received": {claim: claim("a", touch.StateDelivered, 0, 1), received: []Message{one}, lost: 1},
		"capped, but received":     {claim: claim("a", touch.StateCapped), received: []Message{second}, lost: 1},
		"received twice":           {claim: claim("a", touch.StateSent, 0), received: []Message{one, later}, duplicated: 1},
		"resent once":              {claim: claim("a", touch.StateSent, 0), received: []Message{one, resent(one)}},
		"resent twice":             {claim: claim("a", touch.StateSent, 0), received: []Message{one, resent(one), resent(one)}, duplicated: 1},
		"both legs in one window":  {claim: claim("a", touch.StateSent, 0, 1), received: []Message{one, second}, overCap: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var claims []Claim
			if c.claim.State != "" {
				claims = []Claim{c.claim}
			}
			once := Cap{Rule: "once", Limit: 1, Rolling: time.Hour}
			r := Check([]touch.ID{id("a")}, claims, c.received, []Cap{once}, t0)
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
		"after the window":          {"1d", 2, hours(0, 1, 25), 0},
		"any position counts":       {"24h", 2, hours(0, 20, 21, 43), 2},
		"order does not matter":     {"24h", 2, hours(43, 21, 0, 20), 2},
		"one day":                   {"day", 1, hours(0, 1, 2), 2},
		"a day ends in Berlin":      {"day", 1, hours(0, 11), 0}, // 13:00 and 24:00 there
		"the same day in Berlin":    {"1 day", 1, hours(0, 10), 1},
		"three dates":               {"3 days", 1, hours(0, 48), 1},
		"the fourth date":           {"3 days", 1, hours(0, 72), 0},
		"Tuesday and Sunday":        {"week", 1, hours(0, 5*24), 1},
		"Tuesday and Monday":        {"week", 1, hours(0, 6*24), 0},
		"one month, then the other": {"month", 1, hours(0, 22*24), 0},
	} {
		t.Run(name, func(t *testing.T) {
			rule := Cap{Limit: c.limit}
			if !rule.parseWindow(c.per, func(string) *time.Location { return berlin }) {
				t.Fatalf("%q is not understood", c.per)
			}
			if got := rule.countOver(c.log); got != c.want {
				t.Errorf("%d contacts are over the cap, want %d", got, c.want)
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
		t.Errorf("the caps are %q, want %q", got, want)
	}
	if got, want := strings.Join(unchecked, " "), "test/excused test/computed test/calls test/business"; got != want {
		t.Errorf("unchecked are %q, want %q", got, want)
	}

	loan := claim("a", touch.StateSent, 0)
	loan.Subject = "loan"
	card := claim("b", touch.StateSent, 0)
	card.Subject = "card"
	push := []Message{received("a", 0, t0), received("b", 0, t0)}
	pushThenSMS := []Message{received("a", 0, t0), received("b", 1, t0.Add(time.Minute))}
	for name, c := range map[string]struct {
		rule     string
		received []Message
		want     int
	}{
		"one a week":                  {"weekly", push, 1},
		"one an hour":                 {"texts", push, 1},
		"counted separately":          {"by-subject", push, 0},
		"counted, but not bound":      {"total", push, 0},
		"bound by an earlier contact": {"total", pushThenSMS, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var some []Cap
			for _, k := range caps {
				if k.Rule == c.rule {
					some = append(some, k)
				}
			}
			if r := Check([]touch.ID{loan.ID, card.ID}, []Claim{loan, card}, c.received, some, t0); r.OverCap != c.want {
				t.Errorf("%d contacts are over the cap, want %d", r.OverCap, c.want)
			}
		})
	}
}
