package ruleset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// bigPolicy has n rules of all kinds that apply to one touch. With own set
// each has a condition that no other has.
func bigPolicy(n int, own bool) string {
	var b strings.Builder
	b.WriteString("policy: big\nrules:\n")
	for i := range n {
		when := "category == 'marketing'"
		if own {
			when += fmt.Sprintf(" && subject != 's%d' && (campaign == 'c%d' || !(template in ['t%d', 'u']))", i, i, i)
		}
		var requirement string
		switch i % 5 {
		case 0:
			requirement = "hours: {daily: ['08:00-21:00']}"
		case 1:
			requirement = fmt.Sprintf("cap: {limit: %d, per: %dd}", 20+i, 1+i%30)
		case 2:
			requirement = fmt.Sprintf("cooldown: {after: [refused], for: %d days, by: [subject]}", 1+i%60)
		case 3:
			requirement = `require: 'consented("marketing:" + channel)'`
		case 4:
			requirement = fmt.Sprintf("absent_from: list-%d", i)
		}
		fmt.Fprintf(&b, "  - {id: r%d, when: %q, %s}\n", i, when, requirement)
	}
	return b.String()
}

// BenchmarkEvaluate judges a question to which every rule of a policy applies.
func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) { benchmarkEvaluate(b, n, false) })
	}
	b.Run("rules=100/own conditions", func(b *testing.B) { benchmarkEvaluate(b, 100, true) })
}

func benchmarkEvaluate(b *testing.B, n int, own bool) {
	set := compile(b, bigPolicy(n, own))
	q := ask("k", "c", touch.Marketing, touch.SMS, at(b, "03-02 10:00"))
	q.Customer.Consents = []touch.Consent{{Scope: "marketing", Granted: true, At: q.Now.Add(-time.Hour)}}
	q.Customer.Outcomes = []touch.Outcome{{Kind: "refused", At: q.Now.Add(-100 * 24 * time.Hour), Subject: "loan"}}
	log := contactlog.Snapshot{Known: true}
	for i := range 10 {
		e := q.Entry()
		e.ID, e.At = fmt.Sprint(i), q.Now.Add(-time.Duration(i)*24*time.Hour)
		log.Entries = append(log.Entries, e)
	}
	if v := set.Evaluate(q, log); v.Decision != touch.DecisionAllow || len(v.Findings) != n+1 {
		b.Fatalf("%s by %s, %d findings", v.Decision, v.Rule, len(v.Findings))
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Evaluate(q, log)
	}
}
