package ruleset_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestFacts(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "within 18 months",
			rules: `  - {id: r, require: 'within("bought", "18 months")'}`,
			given: attribute("bought", "2024-10-01"),
			want:  touch.DecisionAllow,
		},
		{
			name:  "longer ago",
			rules: `  - {id: r, require: 'within("bought", "18 months")'}`,
			given: attribute("bought", "2024-08-31"),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "no such fact",
			rules: `  - {id: r, require: 'within("bought", "18 months")'}`,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "number",
			rules: `  - {id: r, require: number('income') >= 1000.0}`,
			given: attribute("income", 1000.0),
			want:  touch.DecisionAllow,
		},
		{
			name:  "a whole number",
			rules: `  - {id: r, require: number('days') > 60}`,
			given: attribute("days", 61.0),
			want:  touch.DecisionAllow,
		},
	})
}
