package ruleset_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestPresumptions(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "presumption binds",
			rules: `  - {id: r, require: 'false', presumption: true}`,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "signed off",
			rules: `  - {id: r, require: 'false', presumption: {signed_by: Head of Risk, on: 2026-01-01, reason: reviewed}}`,
			want:  touch.DecisionAllow,
		},
		{
			name:  "the sign-off has run out",
			rules: `  - {id: r, require: 'false', presumption: {signed_by: Head of Risk, on: 2026-01-01, reason: reviewed, until: 2026-02-01}}`,
			want:  touch.DecisionRefuse,
		},
	})
}
