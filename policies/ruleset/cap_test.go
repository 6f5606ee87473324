package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestCaps(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "by address, another",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, by: [address]}}`,
			given: was(day, func(e *contactlog.Entry) { e.Address = 7 }),
			want:  touch.DecisionAllow,
		},
		{
			name:  "by address, the same",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, by: [address]}}`,
			given: was(day, nil),
			want:  touch.DecisionDefer,
			until: "03-08 12:00",
		},
		{
			name:  "by method, the other",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, by: [method]}}`,
			given: was(day, func(e *contactlog.Entry) { e.Channel = touch.Push }),
			want:  touch.DecisionAllow,
		},
		{
			name:  "by campaign, template",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, by: [campaign, template]}}`,
			given: was(day, func(e *contactlog.Entry) { e.Template = 7 }),
			want:  touch.DecisionAllow,
		},
		{
			name:  "no subject: counts all",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, by: [subject]}}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) { contact(q, l, day, nil); q.Touch.Subject = "" },
			want:  touch.DecisionDefer,
			until: "03-08 12:00",
		},
		{
			name:  "only conversations",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, count: conversations}}`,
			given: was(day, func(e *contactlog.Entry) { e.Kind = contactlog.Connected }),
			want:  touch.DecisionAllow,
		},
		{
			name:  "conversations",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, count: conversations}}`,
			given: was(day, func(e *contactlog.Entry) { e.Kind = contactlog.Conversation }),
			want:  touch.DecisionDefer,
			until: "03-08 12:00",
		},
		{
			name:  "pending counts as all",
			rules: `  - {id: r, cap: {limit: 1, per: 7d, count: conversations}}`,
			given: was(100*day, func(e *contactlog.Entry) { e.Pending = true }),
			want:  touch.DecisionDefer,
			until: "03-09 12:00",
		},
		{
			name:  "several limits",
			rules: `  - {id: r, cap: {limits: [{limit: 1, per: 1m}, {limit: 2, per: 7 days}]}}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) { contact(q, l, day, nil); contact(q, l, 2*day, nil) },
			want:  touch.DecisionDefer,
			until: "03-07 00:00",
		},
		{
			name:  "spacing",
			rules: `  - {id: r, cap: {limit: 1, per: 4h}}`,
			given: was(time.Hour, nil),
			want:  touch.DecisionDefer,
			until: "03-02 15:00",
		},
		{
			name:  "not both in one week",
			rules: `  - {id: r, when: channel == 'sms', cap: {limit: 1, per: week, of: {channels: [ai_call]}}}`,
			given: was(2*time.Hour, func(e *contactlog.Entry) { e.Channel = touch.AICall }),
			want:  touch.DecisionDefer,
			until: "03-09 00:00",
		},
		{
			name:  "last week does not count",
			rules: `  - {id: r, when: channel == 'sms', cap: {limit: 1, per: week, of: {channels: [ai_call]}}}`,
			given: was(day, func(e *contactlog.Entry) { e.Channel = touch.AICall }),
			want:  touch.DecisionAllow,
		},
		{
			name:  "another channel",
			rules: `  - {id: r, cap: {limit: 1, per: week, by: [other_channels]}}`,
			given: was(2*time.Hour, func(e *contactlog.Entry) { e.Channel = touch.Push }),
			want:  touch.DecisionDefer,
			until: "03-09 00:00",
		},
		{
			name:  "the same channel",
			rules: `  - {id: r, cap: {limit: 1, per: week, by: [other_channels]}}`,
			given: was(2*time.Hour, nil),
			want:  touch.DecisionAllow,
		},
		{
			name:  "another method",
			rules: `  - {id: r, cap: {limit: 1, per: week, by: [other_methods], of: {channels: [sms, push, ai_call]}}}`,
			given: was(2*time.Hour, func(e *contactlog.Entry) { e.Channel = touch.RMTask }),
			want:  touch.DecisionAllow,
		},
		{
			name:  "by channel, of others only",
			rules: `  - {id: r, cap: {limit: 1, per: week, by: [channel], of: {channels: [push]}}}`,
			given: was(2*time.Hour, nil),
			want:  touch.DecisionAllow,
		},
		{
			name:  "once ever",
			rules: `  - {id: r, cap: {limit: 1, per: forever, by: [template]}}`,
			given: was(3000*day, nil),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "its own place counts not",
			rules: `  - {id: r, cap: {limit: 1, per: 7d}}`,
			given: was(time.Minute, func(e *contactlog.Entry) { e.ID = touch.DispatchID(touch.NewID("caller", "k"), 0) }),
			want:  touch.DecisionAllow,
		},
	})
}
