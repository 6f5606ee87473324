package ruleset_test

import (
	"testing"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestUnknownFacts(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "when unknown it applies",
			rules: `  - {id: r, when: flag('vulnerable'), require: 'false'}`,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "unless unknown excuses not",
			rules: `  - {id: r, require: 'false', unless: flag('vip')}`,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "unless excuses",
			rules: `  - {id: r, require: 'false', unless: flag('vip')}`,
			given: attribute("vip", true),
			want:  touch.DecisionAllow,
		},
		{
			name:  "or with one fact missing",
			rules: `  - {id: r, require: flag('vip') || tagged('gold')}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Tags = []string{"gold"} },
			want:  touch.DecisionAllow,
		},
		{
			name:  "unknown customer",
			rules: `  - {id: r, when: tagged('gold'), require: 'false'}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer = nil },
			want:  touch.DecisionRefuse,
		},
		{
			name:  "unknown channel",
			rules: `  - {id: r, require: 'true'}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Touch.Plan[0].Channel = "fax" },
			want:  touch.DecisionRefuse,
		},
	})
}
