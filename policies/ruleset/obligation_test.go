package ruleset_test

import (
	"testing"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestObligations(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "duty not fulfilled",
			rules: `  - {id: r, duty: opt-out-text}`,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "duty fulfilled",
			rules: `  - {id: r, duty: opt-out-text}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { q.TemplateObligations = []string{"opt-out-text"} },
			want:  touch.DecisionAllow,
		},
	})
}
