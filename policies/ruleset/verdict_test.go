package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

func TestJointInstant(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name: "cap, then night",
			rules: `  - {id: a, cap: {limit: 1, per: 10h}}
  - {id: b, hours: {daily: ['09:00-21:00']}}`,
			given: was(time.Hour/2, nil),
			want:  touch.DecisionDefer,
			until: "03-03 09:00",
		},
		{
			name: "then a law to come",
			rules: `  - {id: a, cap: {limit: 1, per: 24h}}
  - {id: b, require: 'false', from: 2026-03-03, until: 2026-03-06}`,
			given: was(time.Hour, nil),
			want:  touch.DecisionDefer,
			until: "03-06 00:00",
		},
		{
			name: "never again",
			rules: `  - {id: a, cap: {limit: 1, per: 24h}}
  - {id: b, require: 'false', from: 2026-03-03}`,
			given: was(time.Hour, nil),
			want:  touch.DecisionRefuse,
		},
	})
}
