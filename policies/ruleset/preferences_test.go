package ruleset_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestPreferences(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "own hours",
			rules: `  - {id: r, own: {quiet: quiet}}`,
			given: preference("quiet", "09:00-17:00"),
			want:  touch.DecisionDefer,
			until: "03-02 17:00",
		},
		{
			name:  "hours that make no sense",
			rules: `  - {id: r, own: {quiet: quiet}}`,
			given: preference("quiet", "late"),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "hold",
			rules: `  - {id: r, own: {hold: hold}}`,
			given: preference("hold", "2026-03-10"),
			want:  touch.DecisionDefer,
			until: "03-10 00:00",
		},
		{
			name:  "hold that is over",
			rules: `  - {id: r, own: {hold: hold}}`,
			given: preference("hold", "2026-03-02"),
			want:  touch.DecisionAllow,
		},
		{
			name:  "hold that makes no sense",
			rules: `  - {id: r, own: {hold: hold}}`,
			given: preference("hold", "spring"),
			want:  touch.DecisionRefuse,
		},
	})
}
