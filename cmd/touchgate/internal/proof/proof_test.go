package proof

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

var t0 = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func id(key string) touch.ID { return touch.NewID("test", key) }

func took(key string, n int, at time.Time) Message {
	return Message{Dispatch: touch.DispatchID(id(key), n), At: at}
}

func claim(key string, s touch.State, sent ...int) Claim {
	return Claim{
		ID: id(key), Customer: "c1", Category: touch.Marketing,
		Channels: []touch.Channel{touch.Push, touch.SMS}, State: s, SentLegs: sent,
	}
}

func TestCheckCountsEachFault(t *testing.T) {
	waiting := claim("a", touch.Due)
	waiting.Due = t0.Add(time.Hour)
	overdue := claim("a", touch.Due)
	overdue.Due = t0.Add(-time.Second)
	timer := claim("a", touch.Sent, 0)
	timer.Due = t0.Add(-time.Second)

	for name, c := range map[string]struct {
		claims                    []Claim
		truth                     []Message
		lost, duplicated, overCap int
	}{
		"sent and taken":             {claims: []Claim{claim("a", touch.Sent, 0)}, truth: []Message{took("a", 0, t0)}},
		"refused":                    {claims: []Claim{claim("a", touch.Refused)}},
		"waits for its time":         {claims: []Claim{waiting}},
		"unconfirmed without a word": {claims: []Claim{claim("a", touch.Unconfirmed)}},
		"failed after it was taken":  {claims: []Claim{claim("a", touch.Failed, 0)}, truth: []Message{took("a", 0, t0)}},
		"not known":                  {lost: 1},
		"due in the past":            {claims: []Claim{overdue}, lost: 1},
		"sent, its timer ran out":    {claims: []Claim{timer}, truth: []Message{took("a", 0, t0)}, lost: 1},
		"in a worker's hands":        {claims: []Claim{claim("a", touch.Sending)}, lost: 1},
		"unknown for ever":           {claims: []Claim{claim("a", touch.Unknown)}, lost: 1},
		"said to be sent":            {claims: []Claim{claim("a", touch.Delivered, 0, 1)}, truth: []Message{took("a", 0, t0)}, lost: 1},
		"taken, said to be capped":   {claims: []Claim{claim("a", touch.Capped)}, truth: []Message{took("a", 1, t0)}, lost: 1},
		"taken twice":                {claims: []Claim{claim("a", touch.Sent, 0)}, truth: []Message{took("a", 0, t0), took("a", 0, t0.Add(time.Hour))}, duplicated: 1},
		"both legs once":             {claims: []Claim{claim("a", touch.Sent, 0, 1)}, truth: []Message{took("a", 0, t0), took("a", 1, t0)}, overCap: 1},
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
	day := func(at time.Time) string { return at.Format(time.DateOnly) }
	hour := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	for name, c := range map[string]struct {
		rule Cap
		at   []time.Time
		want int
	}{
		"at the limit":             {Cap{Limit: 2, Rolling: 24 * time.Hour}, []time.Time{hour(0), hour(1)}, 0},
		"one over":                 {Cap{Limit: 2, Rolling: 24 * time.Hour}, []time.Time{hour(0), hour(1), hour(2)}, 1},
		"the window has slid":      {Cap{Limit: 2, Rolling: 24 * time.Hour}, []time.Time{hour(0), hour(1), hour(25)}, 0},
		"any position counts":      {Cap{Limit: 2, Rolling: 24 * time.Hour}, []time.Time{hour(0), hour(20), hour(21), hour(43)}, 2},
		"one day":                  {Cap{Limit: 1, Calendar: day}, []time.Time{hour(0), hour(1), hour(2)}, 2},
		"a day ends, a new begins": {Cap{Limit: 1, Calendar: day}, []time.Time{hour(0), hour(13)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.rule.over(c.at); got != c.want {
				t.Errorf("%d over, want %d", got, c.want)
			}
		})
	}
}

func TestCapSelectsAndGroups(t *testing.T) {
	loan, card := claim("a", touch.Sent, 0), claim("b", touch.Sent, 0)
	loan.Subject, card.Subject = "loan", "card"
	truth := []Message{took("a", 0, t0), took("b", 0, t0)}
	ids := []touch.ID{loan.ID, card.ID}
	for name, c := range map[string]struct {
		rule Cap
		want int
	}{
		"by customer": {Cap{Limit: 1, Rolling: time.Hour}, 1},
		"by subject":  {Cap{Limit: 1, Rolling: time.Hour, By: []string{"subject"}}, 0},
		"of others":   {Cap{Limit: 1, Rolling: time.Hour, Match: func(c touch.Category, _ touch.Channel) bool { return c == touch.Service }}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if r := Check(ids, []Claim{loan, card}, truth, []Cap{c.rule}, t0); r.OverCap != c.want {
				t.Errorf("%d over, want %d", r.OverCap, c.want)
			}
		})
	}
}
