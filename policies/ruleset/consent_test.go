package ruleset_test

import (
	"testing"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestConsent(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "objection, no consent",
			rules: `  - {id: r, require: '!revoked("marketing:sms")'}`,
			given: consent("marketing", false, day, 0),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "no objection",
			rules: `  - {id: r, require: '!revoked("marketing:sms")'}`,
			want:  touch.DecisionAllow,
		},
		{
			name:  "objection within its term",
			rules: `  - {id: r, require: '!revoked("marketing:sms", "5 business days")'}` + "\nholidays: [2026-01-01]",
			given: consent("marketing", false, 3*day, 0),
			want:  touch.DecisionAllow,
		},
		{
			name:  "objection past its term",
			rules: `  - {id: r, require: '!revoked("marketing:sms", "5 business days")'}` + "\nholidays: [2026-01-01]",
			given: consent("marketing", false, 8*day, 0),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "consent that has run out",
			rules: `  - {id: r, require: consented('marketing')}`,
			given: consent("marketing", true, 9*day, day),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "consent must be fresh",
			rules: `  - {id: r, require: 'consented("marketing", "6 months")'}`,
			given: consent("marketing", true, 200*day, 0),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "another level",
			rules: `  - {id: r, require: consented('marketing:sms')}`,
			given: consent("marketing:sms:offers", true, day, 0),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "a level above",
			rules: `  - {id: r, require: consented('marketing:sms')}`,
			given: consent("marketing", true, day, 0),
			want:  touch.DecisionAllow,
		},
		{
			name:  "consent is not to nights",
			rules: `  - {id: r, require: consented('marketing:night')}`,
			given: consent("marketing", true, day, 0),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "consent to nights",
			rules: `  - {id: r, require: consented('marketing:night')}`,
			given: consent("marketing:night", true, day, 0),
			want:  touch.DecisionAllow,
		},
		{
			name:  "revoked above",
			rules: `  - {id: r, require: consented('marketing:night')}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) {
				consent("marketing:night", true, 2*day, 0)(q, l)
				consent("marketing", false, day, 0)(q, l)
			},
			want: touch.DecisionRefuse,
		},
		{
			name:  "not a mere prefix",
			rules: `  - {id: r, require: consented('marketing:sms')}`,
			given: consent("market", true, day, 0),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "consent to come",
			rules: `  - {id: r, require: consented('marketing')}`,
			given: consent("marketing", true, -day, 0),
			want:  touch.DecisionRefuse,
		},
	})
}
