package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// No cap holds back a contact that is in no count.
func TestExemptPassesFullCaps(t *testing.T) {
	const capped = "  - {id: once, cap: {limit: 1, per: 7d}, else: refuse}\n"
	for name, c := range map[string]struct {
		rules string
		want  touch.Decision
	}{
		"no exempt rule":       {capped, touch.DecisionRefuse},
		"exempt notice":        {capped + "  - {id: notice, when: template == 'notice', uncounted: true}\n", touch.DecisionAllow},
		"exempt rule first":    {"  - {id: notice, when: template == 'notice', uncounted: true}\n" + capped, touch.DecisionAllow},
		"other template":       {capped + "  - {id: notice, when: template == 'other', uncounted: true}\n", touch.DecisionRefuse},
		"in shadow":            {capped + "  - {id: notice, shadow: true, uncounted: true}\n", touch.DecisionRefuse},
		"unless excludes it":   {capped + "  - {id: notice, uncounted: true, unless: category == 'marketing'}\n", touch.DecisionRefuse},
		"unknown condition":    {capped + "  - {id: notice, when: flag('due'), uncounted: true}\n", touch.DecisionRefuse},
		"not yet in force":     {capped + "  - {id: notice, uncounted: true, from: 2026-03-03}\n", touch.DecisionRefuse},
		"waived":               {capped + "  - {id: notice, uncounted: true}\nwaivers:\n  - {rule: notice, by: Risk, reason: trial, until: 2026-04-01}\n", touch.DecisionRefuse},
		"another rule refuses": {capped + "  - {id: notice, uncounted: true}\n  - {id: no, require: 'false'}\n", touch.DecisionRefuse},
	} {
		t.Run(name, func(t *testing.T) {
			v := say(t, c.rules, func(q *ruleset.Question, log *contactlog.Snapshot) {
				contact(q, log, time.Hour, nil)
				q.Touch.Plan[0].Template = "notice"
			})
			if v.Decision != c.want {
				t.Errorf("%s by %s, want %s: %+v", v.Decision, v.Rule, c.want, v.Findings)
			}
		})
	}
}
