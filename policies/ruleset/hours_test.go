package ruleset_test

import (
	"testing"

	"touchgate.dev/touch"
)

func TestHours(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "kinds of channels: a call",
			rules: `  - {id: r, when: channel in voice, require: 'false'}`,
			given: callInstead,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "kinds of channels: a text",
			rules: `  - {id: r, when: channel in voice, require: 'false'}`,
			want:  touch.DecisionAllow,
		},
		{
			name:  "two candidate zones",
			rules: `  - {id: r, hours: {daily: ['09:00-21:00']}}`,
			given: zones("Asia/Shanghai", "Europe/London"),
			want:  touch.DecisionDefer,
			until: "03-02 17:00",
		},
		{
			name:  "zones that share no hour",
			rules: `  - {id: r, hours: {daily: ['09:00-12:00']}}`,
			given: zones("Asia/Shanghai", "America/New_York"),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "nothing known",
			rules: `  - {id: r, hours: {daily: ['08:00-21:00']}}`,
			given: zones(),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "open everywhere at noon",
			rules: `  - {id: r, hours: {daily: ['00:00-24:00']}}`,
			given: zones(),
			want:  touch.DecisionAllow,
		},
		{
			name: "one zone for all",
			rules: `  - {id: r, hours: {daily: ['08:00-21:00']}}
zone: Asia/Shanghai`,
			given: zones(),
			want:  touch.DecisionAllow,
		},
		{
			name:  "a zone that does not exist",
			rules: `  - {id: r, hours: {daily: ['08:00-21:00']}}`,
			given: zones("Asia/Shanghai", "Atlantis/Poseidonis"),
			want:  touch.DecisionRefuse,
		},
	})
}
