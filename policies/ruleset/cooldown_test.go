package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestCooldowns(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "a channel escapes",
			rules: `  - {id: r, when: '!(channel in human)', cooldown: {after: [refused], for: 72h}}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) {
				had(q, "refused", day)
				q.Touch.Plan[0].Channel = touch.RMTask
			},
			want: touch.DecisionAllow,
		},
		{
			name:  "another does not",
			rules: `  - {id: r, when: '!(channel in human)', cooldown: {after: [refused], for: 72h}}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "refused", day) },
			want:  touch.DecisionDefer,
			until: "03-04 12:00",
		},
		{
			name:  "after three",
			rules: `  - {id: r, cooldown: {after: [no_answer], times: 3, within: 7 days, for: 30 days}}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) {
				had(q, "no_answer", 9*day)
				had(q, "no_answer", 4*day)
				had(q, "no_answer", 3*day)
			},
			want:  touch.DecisionDefer,
			until: "03-29 00:00",
		},
		{
			name:  "two are not enough",
			rules: `  - {id: r, cooldown: {after: [no_answer], times: 3, within: 7 days, for: 30 days}}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) {
				had(q, "no_answer", 11*day)
				had(q, "no_answer", 4*day)
				had(q, "no_answer", 3*day)
			},
			want: touch.DecisionAllow,
		},
		{
			name:  "another number",
			rules: `  - {id: r, cooldown: {after: [refused], for: 72h, by: [address]}}`,
			given: came(touch.Outcome{Address: "+44"}),
			want:  touch.DecisionAllow,
		},
		{
			name:  "a number that is not known",
			rules: `  - {id: r, cooldown: {after: [refused], for: 72h, by: [address]}}`,
			given: came(touch.Outcome{}),
			want:  touch.DecisionDefer,
			until: "03-04 12:00",
		},
		{
			name:  "an opt-out from another caller",
			rules: `  - {id: r, cooldown: {after: [refused], for: forever, by: [caller]}}`,
			given: came(touch.Outcome{Caller: "insurer"}),
			want:  touch.DecisionAllow,
		},
		{
			name:  "an opt-out from this caller",
			rules: `  - {id: r, cooldown: {after: [refused], for: forever, by: [caller]}}`,
			given: came(touch.Outcome{Caller: "caller"}),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "another template",
			rules: `  - {id: r, cooldown: {after: [refused], for: 72h, by: [template]}}`,
			given: came(touch.Outcome{Template: "other"}),
			want:  touch.DecisionAllow,
		},
		{
			name:  "grace in business days",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: forever, grace: 10 business days}}` + "\nholidays: [2026-01-01]",
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "opt_out", 13*day) },
			want:  touch.DecisionAllow,
		},
		{
			name:  "grace is over",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: forever, grace: 10 business days}}` + "\nholidays: [2026-01-01]",
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "opt_out", 17*day) },
			want:  touch.DecisionRefuse,
		},
		{
			name:  "consent lifts",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: forever, lifted_by: 'marketing:{channel}'}}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) {
				had(q, "opt_out", 3*day)
				consent("marketing:sms", true, day, 0)(q, l)
			},
			want: touch.DecisionAllow,
		},
		{
			name:  "older consent does not",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: forever, lifted_by: 'marketing:{channel}'}}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) {
				had(q, "opt_out", 3*day)
				consent("marketing:sms", true, 4*day, 0)(q, l)
			},
			want: touch.DecisionRefuse,
		},
		{
			name:  "kept for five years",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: 5 years}}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) { had(q, "opt_out", 5*365*day) },
			want:  touch.DecisionDefer,
			until: "03-03 00:00",
		},
		{
			name:  "confirmation of opt-out",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: forever}, unless: 'template == "bye" && had("opt_out", "5m")'}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) {
				had(q, "opt_out", 4*time.Minute)
				q.Touch.Plan[0].Template = "bye"
			},
			want: touch.DecisionAllow,
		},
		{
			name:  "confirmation comes late",
			rules: `  - {id: r, cooldown: {after: [opt_out], for: forever}, unless: 'template == "bye" && had("opt_out", "5m")'}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) {
				had(q, "opt_out", 6*time.Minute)
				q.Touch.Plan[0].Template = "bye"
			},
			want: touch.DecisionRefuse,
		},
	})
}
