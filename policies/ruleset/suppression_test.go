package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/touch"
)

func TestSuppression(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "suppressed",
			rules: `  - {id: r, require: 'true'}`,
			given: listed(touch.Listing{}),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "suppressed for another",
			rules: `  - {id: r, require: 'true'}`,
			given: listed(touch.Listing{Scope: "collection"}),
			want:  touch.DecisionAllow,
		},
		{
			name:  "suppressed for the channel",
			rules: `  - {id: r, require: 'true'}`,
			given: listed(touch.Listing{Scope: "marketing:sms"}),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "suppressed later",
			rules: `  - {id: r, require: 'true'}`,
			given: listed(touch.Listing{Since: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}),
			want:  touch.DecisionAllow,
		},
	})
}
