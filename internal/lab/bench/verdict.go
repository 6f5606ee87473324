package bench

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// policy measures the rules alone, on one core: a verdict under 1, 10, 100 and
// 1,000 rules, a third of them caps, a third hours and a third consents, for a
// customer with ten contacts. The main figure is that of 100.
func policy(ctx context.Context, e *env) (*Figures, error) {
	f := &Figures{Rounds: 1}
	for _, n := range []int{1, 10, 100, 1000} {
		spent, allocs, err := measureVerdict(ctx, n)
		if err != nil {
			return nil, err
		}
		f.addAlso(fmt.Sprintf("us_under_%d_rules", n), float64(spent.Nanoseconds())/1000)
		if n == 100 {
			f.PerSecond = 1 / spent.Seconds()
			f.P50 = spent.Seconds() * 1000
			f.Allocations = allocs
		}
	}
	e.printf("100 rules: %.1f µs", f.Also["us_under_100_rules"])
	return f, nil
}

// manyRules returns a policy document of n rules: caps, hours and consents, each
// under a condition of its own.
func manyRules(n int) string {
	var b strings.Builder
	b.WriteString("policy: many\ntitle: Many rules\nzone: UTC\nrules:\n")
	for i := range n {
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "  - {id: cap-%d, when: category == \"marketing\" && subject != \"s%d\", cap: {limit: %d, per: %dd, by: [customer]}, else: defer}\n", i, i, 20+i, 1+i%30)
		case 1:
			fmt.Fprintf(&b, "  - {id: hours-%d, when: campaign != \"c%d\", hours: {mon-sun: [\"00:00-24:00\"]}, else: defer}\n", i, i)
		case 2:
			fmt.Fprintf(&b, "  - {id: consent-%d, when: channel == \"sms\" && subject != \"s%d\", require: consented(\"marketing\"), else: refuse}\n", i, i)
		}
	}
	return b.String()
}

// measureVerdict returns the mean time and allocations of one verdict.
func measureVerdict(ctx context.Context, rules int) (spent time.Duration, allocs float64, err error) {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "many.yaml", Data: []byte(manyRules(rules))}}, ruleset.Options{})
	if err != nil {
		return 0, 0, err
	}
	now := time.Now()
	t := &touch.Touch{ID: touch.NewID("bench", "1"), Caller: "bench", AcceptedAt: now, Request: touch.Request{
		Key: "1", Customer: "c1", Category: touch.Marketing, Campaign: "spring", Subject: "auto-loan",
		Plan: []touch.Leg{{Channel: touch.SMS, Template: template}},
	}}
	log, err := pastContacts(now, 10)(ctx, []string{"c1"})
	if err != nil {
		return 0, 0, err
	}
	q := policies.Question{Touch: t, Now: now, Address: "+4915100000001", Customer: &touch.Customer{
		ID: "c1", Zones: []string{"Europe/Berlin"},
		Consents: []touch.Consent{{Scope: "marketing", Granted: true, At: now.Add(-time.Hour)}},
	}}
	snapshot := contactlog.Snapshot{Known: true, Entries: log["c1"], Keep: capKeep}
	if v := set.Evaluate(q, snapshot); v.Decision != touch.DecisionAllow {
		return 0, 0, touch.Errorf(touch.Internal, "", "the verdict is %s by rule %s, want allow", v.Decision, v.Rule)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, n := time.Now(), 0
	for time.Since(start) < limitTime/2 && ctx.Err() == nil {
		for range 10 {
			set.Evaluate(q, snapshot)
			n++
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return took / time.Duration(max(n, 1)), float64(after.Mallocs-before.Mallocs) / float64(max(n, 1)), ctx.Err()
}
