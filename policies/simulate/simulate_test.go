package simulate_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/packs"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

func compile(t testing.TB, text string) *ruleset.Set {
	t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "p.yaml", Data: []byte(text)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var monday = time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)

// leg returns a marketing SMS that could have gone out some hours after Monday,
// 09:00 UTC, and did.
func leg(customer string, hour int, changes ...func(r *simulate.Recorded)) simulate.Recorded {
	at := monday.Add(time.Duration(hour) * time.Hour)
	key := fmt.Sprintf("%s-%d", customer, hour)
	r := simulate.Recorded{
		Sent: at,
		Question: policies.Question{
			Now:      at,
			Customer: &touch.Customer{ID: customer, Zones: []string{"UTC"}},
			Touch: &touch.Touch{
				ID:         touch.NewID("acme", key),
				Caller:     "acme",
				AcceptedAt: at,
				Request: touch.Request{
					Key:      key,
					Customer: customer,
					Category: touch.Marketing,
					Campaign: "nov",
					Plan:     []touch.Leg{{Channel: touch.SMS}},
				},
			},
		},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func before(r *simulate.Recorded) { r.Before = true }

func refused(r *simulate.Recorded) {
	r.Sent = time.Time{}
	r.Refused = "old/rule"
}

func expires(hours int) func(*simulate.Recorded) {
	return func(r *simulate.Recorded) {
		at := r.Question.Now.Add(time.Duration(hours) * time.Hour)
		r.Question.Touch.ExpiresAt = &at
	}
}

func TestRun(t *testing.T) {
	const hours = "  - {id: hours, hours: {daily: ['08:00-20:00']}}\n"
	const cap2 = "  - {id: two, cap: {limit: 2, per: 7d}, else: refuse}\n"
	deferredByHours := simulate.RuleCounts{Rule: "p/hours", Deferred: 1}
	refusedByCap := simulate.RuleCounts{Rule: "p/two", Refused: 1, NewlyRefused: 1}
	for name, c := range map[string]struct {
		rules string
		legs  []simulate.Recorded
		want  simulate.Counts
		rule  simulate.RuleCounts // without its examples
	}{
		"nothing changes": {
			rules: hours,
			legs:  []simulate.Recorded{leg("a", 0), leg("b", 1)},
			want:  simulate.Counts{Legs: 2, Sent: 2, WouldSend: 2},
		},
		"cap": {
			rules: cap2,
			legs:  []simulate.Recorded{leg("a", 0), leg("a", 1), leg("a", 2), leg("b", 3)},
			want:  simulate.Counts{Legs: 4, Sent: 4, WouldSend: 3, WouldRefuse: 1, NewlyRefused: 1},
			rule:  refusedByCap,
		},
		"cap counts earlier contacts": {
			rules: cap2,
			legs:  []simulate.Recorded{leg("a", -20, before), leg("a", -10, before), leg("a", 0), leg("a", 150)},
			want:  simulate.Counts{Legs: 2, Sent: 2, WouldSend: 1, WouldRefuse: 1, NewlyRefused: 1},
			rule:  refusedByCap,
		},
		"night, sent in the morning": {
			rules: hours,
			legs:  []simulate.Recorded{leg("a", 12)},
			want:  simulate.Counts{Legs: 1, Sent: 1, WouldSend: 1, WouldDelay: 1},
			rule:  deferredByHours,
		},
		"night, expired in the morning": {
			rules: hours,
			legs:  []simulate.Recorded{leg("a", 12, expires(3))},
			want:  simulate.Counts{Legs: 1, Sent: 1, WouldRefuse: 1, NewlyRefused: 1},
			rule:  deferredByHours,
		},
		"refused then, allowed now": {
			rules: hours,
			legs:  []simulate.Recorded{leg("a", 0, refused)},
			want:  simulate.Counts{Legs: 1, Refused: 1, WouldSend: 1, NewlySent: 1},
		},
		"deferred leg counts when it goes": {
			rules: hours + cap2,
			legs:  []simulate.Recorded{leg("a", 0), leg("a", 12), leg("a", 24)},
			want:  simulate.Counts{Legs: 3, Sent: 3, WouldSend: 2, WouldDelay: 1, WouldRefuse: 1, NewlyRefused: 1},
			rule:  deferredByHours,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := simulate.Run(t.Context(), compile(t, "policy: p\nrules:\n"+c.rules), c.legs, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Total != c.want {
				t.Errorf("total %+v\nwant  %+v", r.Total, c.want)
			}
			if len(r.ByChannel) != 1 || r.ByChannel[0].Name != "sms" || r.ByChannel[0].Counts != c.want {
				t.Errorf("by channel %+v", r.ByChannel)
			}
			if r.ByCategory[0].Counts != c.want || r.ByCampaign[0].Name != "nov" {
				t.Errorf("by category %+v, by campaign %+v", r.ByCategory, r.ByCampaign)
			}
			checkRule(t, r, c.rule)
		})
	}
}

// checkRule compares the tally of one rule, and wants an example of it. A want
// without a rule's name compares with nothing.
func checkRule(t *testing.T, r *simulate.Report, want simulate.RuleCounts) {
	t.Helper()
	var got simulate.RuleCounts
	for _, one := range r.ByRule {
		if one.Rule == want.Rule {
			got = one
			if len(one.Examples) == 0 || one.Examples[0].Touch.IsZero() {
				t.Errorf("no example: %+v", one)
			}
		}
	}
	got.Examples = nil
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("rule %+v, want %+v", got, want)
	}
}

const allowAll = "policy: p\nrules:\n  - {id: a, require: 'true'}\n"

func TestSilentRulesAndProgress(t *testing.T) {
	var legs []simulate.Recorded
	for i := range 2500 {
		legs = append(legs, leg(fmt.Sprint("c", i), 0))
	}
	var progress []int
	r, err := simulate.Run(t.Context(), compile(t, allowAll), legs, func(n int) { progress = append(progress, n) })
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(r.Silent) != "[touchgate/suppression p/a]" {
		t.Errorf("silent rules %v", r.Silent)
	}
	if fmt.Sprint(progress) != "[0 1000 2000 2500]" {
		t.Errorf("progress %v", progress)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := simulate.Run(ctx, compile(t, allowAll), []simulate.Recorded{leg("c", 0)}, nil)
	if touch.ClassOf(err) != touch.Unavailable {
		t.Errorf("got error %v, want class Unavailable", err)
	}
}

// BenchmarkRun simulates 100,000 legs of 10,000 customers over 30 days under the
// sample policy of a bank.
func BenchmarkRun(b *testing.B) {
	sources, err := packs.Policy("bank-sample")
	if err != nil {
		b.Fatal(err)
	}
	set, err := ruleset.Compile(sources, ruleset.Options{})
	if err != nil {
		b.Fatal(err)
	}
	legs := make([]simulate.Recorded, 100_000)
	for i := range legs {
		legs[i] = leg(fmt.Sprint("c", i%10_000), 0, func(r *simulate.Recorded) {
			r.Question.Now = monday.Add(time.Duration(i) * 26 * time.Second)
			r.Sent, r.Question.Touch.AcceptedAt = r.Question.Now, r.Question.Now
			r.Question.Touch.ID = touch.NewID("acme", fmt.Sprint(i))
			r.Question.Customer.Jurisdictions = []string{"us", "cn"}[i%2 : i%2+1]
			r.Question.Customer.Consents = []touch.Consent{{Scope: "marketing", Granted: true, At: monday.AddDate(0, 0, -9)}}
		})
	}
	for b.Loop() {
		r, err := simulate.Run(b.Context(), set, legs, nil)
		if err != nil {
			b.Fatal(err)
		}
		if os.Getenv("SHOW") != "" {
			b.Logf("%+v", r.Total)
		}
	}
}
