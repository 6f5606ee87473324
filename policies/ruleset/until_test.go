package ruleset_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// A long run: go test ./policies -run Until -until.everywhere -until.samples 5000 -timeout 1h
var (
	untilSamples    = flag.Int("until.samples", 40, "how many made-up customers are asked about")
	untilSeed       = flag.Uint64("until.seed", 20261122, "what they are made up from")
	untilEverywhere = flag.Bool("until.everywhere", false, "walk through every minute of two years, not only those around clock changes")
)

// tenZones change their clocks at midnight, by half an hour, twice a year, not
// at all, or lie at the ends of the Earth.
var tenZones = []string{"Europe/London", "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe",
	"America/St_Johns", "Africa/Cairo", "Pacific/Chatham", "Asia/Shanghai", "Pacific/Apia"}

// untilPolicies are documents whose rules get in each other's way.
var untilPolicies = []string{`
policy: a
holidays: [2026-03-30, 2026-11-02, 2027-01-01, 2028-01-01]
rules:
  - {id: hours, hours: {mon-fri: ["09:00-12:30", "14:00-20:00"], sat: ["10:00-13:00"], eve: ["09:00-11:00"], holiday: []}}
  - {id: week, cap: {limit: 3, per: 7d}}
  - {id: month, cap: {limit: 5, per: month}}
`, `
policy: b
rules:
  - {id: night, hours: {daily: ["00:30-02:15", "23:00-24:00"]}, unless: 'consented("service:night")'}
  - {id: days, cap: {limit: 2, per: 3 days, by: [subject]}}
  - {id: cool, cooldown: {after: [refused], for: 10 full days, by: [subject]}}
`, `
policy: c
calendar: gb-england
rules:
  - {id: sunday, hours: {sun: ["01:00-03:00"], wed: ["02:00-02:30"]}}
  - {id: space, cap: {limit: 1, per: 36h}}
  - {id: business, cooldown: {after: [conversation], for: 5 business days}}
  - {id: age, require: 'within("bought", "1 month") || consented("service")'}
`, `
policy: d
rules:
  - {id: hours, hours: {daily: ["08:00-21:00"], margin: 90s}}
  - {id: cool, cooldown: {after: [abandoned], for: 72h}, until: 2027-03-28}
  - {id: old, cap: {limit: 2, per: 2 weeks}, until: 2026-10-25}
  - {id: new, cap: {limit: 1, per: calendar week}, from: 2026-10-25}
  - {id: own, own: {quiet: quiet}}
  - {id: hold, own: {hold: hold}}
`}

// randomQuestion makes up a customer with a past at some minute of two years,
// near a change of the clocks more often than not.
func randomQuestion(r *rand.Rand) (ruleset.Question, contactlog.Snapshot) {
	now := twoYears[0].Add(time.Duration(r.IntN(730*24*60)) * time.Minute)
	if r.IntN(2) == 0 {
		_, change := now.In(mustZone(tenZones[r.IntN(10)])).ZoneBounds()
		if !change.IsZero() {
			now = change.Add(time.Duration(r.IntN(4*24*60)-2*24*60) * time.Minute).UTC()
		}
	}
	return randomCustomer(r, now, tenZones[r.IntN(10)])
}

// randomCustomer makes up a customer in a zone, with a past before now.
func randomCustomer(r *rand.Rand, now time.Time, zone string) (ruleset.Question, contactlog.Snapshot) {
	q := ask(fmt.Sprint(r.Uint64()), "c", touch.Service, touch.SMS, now)
	c := q.Customer
	c.Zones = []string{zone}
	if r.IntN(4) == 0 {
		c.Zones = append(c.Zones, tenZones[r.IntN(10)])
	}
	past := func() time.Time { return q.Now.Add(-time.Duration(r.IntN(20*24*60)) * time.Minute) }
	for range r.IntN(3) {
		c.Outcomes = append(c.Outcomes, touch.Outcome{Kind: []string{"refused", "conversation", "abandoned"}[r.IntN(3)], At: past(), Subject: []string{"", "loan", "card"}[r.IntN(3)]})
	}
	if r.IntN(2) == 0 {
		until := q.Now.Add(time.Duration(r.IntN(10*24*60)) * time.Minute)
		c.Consents = append(c.Consents, touch.Consent{Scope: []string{"service", "service:night"}[r.IntN(2)], Granted: true, At: past(), Until: &until})
	}
	c.Attributes = map[string]any{"bought": past().Format(time.RFC3339)}
	c.Preferences = map[string]string{"quiet": []string{"", "22:00-09:30", "mon-fri 09:00-17:00; sat,sun 20:00-03:00"}[r.IntN(3)]}
	if r.IntN(3) == 0 {
		c.Preferences["hold"] = q.Now.AddDate(0, 0, r.IntN(9)).Format(time.DateOnly)
	}
	log := contactlog.Snapshot{Known: true}
	for i := range r.IntN(8) {
		e := q.Entry()
		e.ID, e.At = fmt.Sprint(i), past()
		log.Entries = append(log.Entries, e)
	}
	return q, log
}

// TestUntilRandom goes forward minute by minute, asking
// anew each time whether it is allowed now.
func TestUntilRandom(t *testing.T) {
	var sets []*ruleset.Set
	for _, document := range untilPolicies {
		sets = append(sets, compile(t, document))
	}
	r := rand.New(rand.NewPCG(*untilSeed, 1))
	deferred := 0
	for n := range *untilSamples {
		set := sets[n%len(sets)]
		q, log := randomQuestion(r)
		v := set.Evaluate(q, log)
		if v.Decision == touch.DecisionAllow {
			continue
		}
		end := v.Until
		if v.Decision == touch.DecisionRefuse { // never, they say: look for a while
			end = q.Now.Add(20 * 24 * time.Hour)
		} else {
			deferred++
		}
		probe := q
		for at := q.Now; at.Before(end); at = at.Add(time.Minute) {
			probe.Now = at
			if set.AllowedNow(probe, log) {
				t.Fatalf("sample %d, zones %v, now %s: %s until %s by %s, but allowed at %s\n%+v\n%+v", n, q.Customer.Zones, q.Now, v.Decision, v.Until, v.Rule, at, v.Findings, q.Customer)
			}
		}
		if v.Decision == touch.DecisionDefer {
			for _, at := range []time.Time{v.Until.Add(-time.Millisecond), v.Until} {
				probe.Now = at
				if w := set.Evaluate(probe, log); (w.Decision == touch.DecisionAllow) != at.Equal(v.Until) && !at.Before(q.Now) {
					t.Fatalf("sample %d, zones %v, now %s, until %s: at %s it is %s by %s", n, q.Customer.Zones, q.Now, v.Until, at, w.Decision, w.Rule)
				}
			}
		}
	}
	if deferred < *untilSamples/4 {
		t.Errorf("only %d of %d questions were deferred", deferred, *untilSamples)
	}
}

// A customer of whom nothing is known costs no search through all the zones.
func BenchmarkUnknownZone(b *testing.B) {
	set := compile(b, "policy: p\nrules:\n  - {id: r, hours: {daily: ['08:00-21:00']}}\n")
	q := ask("k", "c", touch.Marketing, touch.SMS, at(b, "03-02 10:00"))
	q.Customer = nil
	for b.Loop() {
		if v := set.Evaluate(q, contactlog.Snapshot{Known: true}); v.Decision != touch.DecisionRefuse {
			b.Fatal(v)
		}
	}
}

// twoYears is what is walked through: 2026 and 2027.
var twoYears = [2]time.Time{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)}

// TestUntilEveryMinute walks minute by minute through two years on the
// clocks of ten zones, asks at each minute whether it is allowed now, and holds
// the "until" of every 29th minute against the answers: nothing before it is
// allowed, it is, and a millisecond before it is not. Each stretch has a customer
// of its own. Without -until.everywhere it keeps to the days around each change
// of the clocks.
func TestUntilEveryMinute(t *testing.T) {
	for _, zone := range tenZones {
		t.Run(zone, func(t *testing.T) {
			var total walked
			for n, document := range untilPolicies {
				set := compile(t, document)
				for i, span := range stretches(zone) {
					q, log := randomCustomer(rand.New(rand.NewPCG(*untilSeed, uint64(n<<32+i))), span[0], zone)
					total.through(t, set, q, log, span)
				}
			}
			if total.deferred < 100 || total.allowed < total.deferred {
				t.Errorf("%d minutes were deferred and %d allowed: want more of both", total.deferred, total.allowed)
			}
			t.Logf("%d minutes walked, %d deferrals proven", total.minutes, total.deferred)
		})
	}
}

// stretches gives what is walked through on a zone's clocks: four days around
// each change of them, or ten days after ten days.
func stretches(zone string) (all [][2]time.Time) {
	const day = 24 * time.Hour
	for t := twoYears[0]; t.Before(twoYears[1]); {
		if *untilEverywhere {
			all = append(all, [2]time.Time{t, t.Add(10 * day)})
			t = t.Add(10 * day)
			continue
		}
		_, change := t.In(mustZone(zone)).ZoneBounds()
		if change.IsZero() || change.After(twoYears[1]) {
			change = t.Add(180 * day) // none: any days will do
		}
		all = append(all, [2]time.Time{change.Add(-2 * day).Truncate(time.Minute).UTC(), change.Add(2 * day).UTC()})
		t = change.Add(3 * day)
	}
	return all
}

// walked counts what a walk came upon.
type walked struct{ minutes, allowed, deferred int }

func (w *walked) through(t *testing.T, set *ruleset.Set, q ruleset.Question, log contactlog.Snapshot, span [2]time.Time) {
	t.Helper()
	at := func(minute int) time.Time { return span[0].Add(time.Duration(minute) * time.Minute) }
	allowedAt := func(at time.Time) bool { q.Now = at; return set.AllowedNow(q, log) }
	n := int(span[1].Sub(span[0]) / time.Minute)
	w.minutes += n
	next := n // the first minute from the one looked at that is allowed
	for m := n - 1; m >= 0; m-- {
		now := allowedAt(at(m))
		if now {
			next = m
			w.allowed++
		}
		if m%29 != 0 {
			continue
		}
		q.Now = at(m)
		v := set.Evaluate(q, log)
		wrong := (v.Decision == touch.DecisionAllow) != now
		switch v.Decision {
		case touch.DecisionRefuse:
			wrong = wrong || next < n
		case touch.DecisionDefer:
			w.deferred++
			wrong = wrong || (next < n && at(next).Before(v.Until)) || !allowedAt(v.Until) || allowedAt(v.Until.Add(-time.Millisecond))
		}
		if wrong {
			t.Fatalf("at %s it is %s until %s by %s; the next minute allowed is %s", at(m), v.Decision, v.Until, v.Rule, at(next))
		}
	}
}
