package policies_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// tenZones change their clocks at midnight, by half an hour, twice a year, not
// at all, or lie at the ends of the Earth.
var tenZones = []string{"Europe/London", "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe",
	"America/St_Johns", "Africa/Cairo", "Pacific/Chatham", "Asia/Shanghai", "Pacific/Apia"}

// untilPolicies are documents whose rules get in each other's way.
var untilPolicies = []string{`
policy: a
holidays: [2026-03-30, 2026-11-02, 2027-01-01]
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

// randomQuestion makes up a customer with a past.
func randomQuestion(r *rand.Rand) (policies.Question, contactlog.Snapshot) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	minute := func(days int) time.Time { return from.Add(time.Duration(r.IntN(days*24*60)) * time.Minute) }
	q := ask(fmt.Sprint(r.Uint64()), "c", touch.Service, touch.SMS, minute(730))
	if r.IntN(2) == 0 { // near a change of the clocks
		_, change := q.Now.In(mustZone(tenZones[r.IntN(10)])).ZoneBounds()
		if !change.IsZero() {
			q.Now = change.Add(time.Duration(r.IntN(4*24*60)-2*24*60) * time.Minute).UTC()
		}
	}
	c := q.Customer
	c.Zones = []string{tenZones[r.IntN(10)]}
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
		e := policies.EntryOf(q)
		e.ID, e.At = fmt.Sprint(i), past()
		log.Entries = append(log.Entries, e)
	}
	return q, log
}

// TestUntilIsTheFirstMinuteThatIsAllowed goes forward minute by minute, asking
// anew each time whether it is allowed now. UNTIL_SAMPLES sets how many
// questions are tried (a long run: 5000).
func TestUntilIsTheFirstMinuteThatIsAllowed(t *testing.T) {
	samples := 40
	if s := os.Getenv("UNTIL_SAMPLES"); s != "" {
		fmt.Sscan(s, &samples)
	}
	var sets []*policies.Set
	for _, document := range untilPolicies {
		sets = append(sets, compile(t, document))
	}
	seed := uint64(20261122)
	if os.Getenv("UNTIL_SAMPLES") != "" {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	deferred := 0
	for n := range samples {
		set := sets[n%len(sets)]
		q, log := randomQuestion(r)
		v := set.Evaluate(q, log)
		if v.Decision == touch.Allow {
			continue
		}
		end := v.Until
		if v.Decision == touch.Refuse { // never, they say: look for a while
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
		if v.Decision == touch.Defer {
			for _, at := range []time.Time{v.Until.Add(-time.Millisecond), v.Until} {
				probe.Now = at
				if w := set.Evaluate(probe, log); (w.Decision == touch.Allow) != at.Equal(v.Until) && !at.Before(q.Now) {
					t.Fatalf("sample %d, zones %v, now %s, until %s: at %s it is %s by %s", n, q.Customer.Zones, q.Now, v.Until, at, w.Decision, w.Rule)
				}
			}
		}
	}
	if deferred < samples/4 {
		t.Errorf("only %d of %d questions were deferred", deferred, samples)
	}
	t.Logf("%d of %d questions were deferred", deferred, samples)
}

// A customer of whom nothing is known costs no search through all the zones.
func BenchmarkUnknownZone(b *testing.B) {
	set := compile(b, "policy: p\nrules:\n  - {id: r, hours: {daily: ['08:00-21:00']}}\n")
	q := ask("k", "c", touch.Marketing, touch.SMS, at(b, "03-02 10:00"))
	q.Customer = nil
	for b.Loop() {
		if v := set.Evaluate(q, contactlog.Snapshot{Known: true}); v.Decision != touch.Refuse {
			b.Fatal(v)
		}
	}
}
