package ruleset_test

import (
	"testing"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestPeriods(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name: "a jurisdiction in capitals",
			rules: `  - {id: r, require: 'false'}
jurisdictions: [US]`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Jurisdictions = []string{"us-ca"} },
			want:  touch.DecisionRefuse,
		},
		{
			name:  "not yet",
			rules: `  - {id: r, require: 'false', from: 2026-03-03}`,
			want:  touch.DecisionAllow,
		},
		{
			name:  "no longer",
			rules: `  - {id: r, require: 'false', until: 2026-03-02}`,
			want:  touch.DecisionAllow,
		},
		{
			name:  "it ends by itself",
			rules: `  - {id: r, require: 'false', else: defer, until: 2026-03-05}`,
			want:  touch.DecisionDefer,
			until: "03-05 00:00",
		},
		{
			name: "waived",
			rules: `  - {id: r, require: 'false'}
waivers:
  - {rule: r, by: Risk, reason: trial, until: 2026-03-05}`,
			want: touch.DecisionAllow,
		},
		{
			name: "the waiver has ended",
			rules: `  - {id: r, require: 'false'}
waivers:
  - {rule: r, by: Risk, reason: trial, until: 2026-03-01}`,
			want: touch.DecisionRefuse,
		},
		{
			name:  "shadow",
			rules: `  - {id: r, require: 'false', shadow: true}`,
			want:  touch.DecisionAllow,
		},
	})
}
