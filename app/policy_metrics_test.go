package app

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/policies/ruleset"
)

func TestPolicyMetrics(t *testing.T) {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "a.yaml", Data: []byte(
		"policy: p\ncalendar: cn\nrules:\n  - {id: r, hours: {daily: ['09:00-20:00'], holiday: []}}\n  - {id: l, absent_from: dnc}\n",
	)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	var active *ruleset.Set
	now := time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC)
	metrics.MustRegister(newPolicyMetrics(func() *ruleset.Set { return active }, func() time.Time { return now }))

	read := func() string {
		families, err := metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, f := range families {
			for _, m := range f.Metric {
				lines = append(lines, f.GetName()+" "+m.String())
			}
		}
		return strings.Join(lines, "\n")
	}
	if got := read(); got != "" {
		t.Errorf("before any set: %s", got)
	}
	active = set
	if got := read(); !strings.Contains(got, `value:"cn"`) || !strings.Contains(got, "gauge:{value:10}") || !strings.Contains(got, "touchgate_policy_warnings gauge:{value:1}") {
		t.Error(got)
	}
}
