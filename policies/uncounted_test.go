package policies_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// What is not counted is held back by no cap, whether it is asked for or sent.
func TestUncountedPassesFullCaps(t *testing.T) {
	const capped = "  - {id: once, cap: {limit: 1, per: 7d}, else: refuse}\n"
	for name, c := range map[string]struct {
		rules string
		want  touch.Decision
	}{
		"nothing is taken out":     {capped, touch.DecisionRefuse},
		"the notice is":            {capped + "  - {id: notice, when: template == 'notice', uncounted: true}\n", touch.DecisionAllow},
		"its rule stands before":   {"  - {id: notice, when: template == 'notice', uncounted: true}\n" + capped, touch.DecisionAllow},
		"another template is":      {capped + "  - {id: notice, when: template == 'other', uncounted: true}\n", touch.DecisionRefuse},
		"in shadow":                {capped + "  - {id: notice, shadow: true, uncounted: true}\n", touch.DecisionRefuse},
		"unless it is an offer":    {capped + "  - {id: notice, uncounted: true, unless: category == 'marketing'}\n", touch.DecisionRefuse},
		"a doubt takes out nobody": {capped + "  - {id: notice, when: flag('due'), uncounted: true}\n", touch.DecisionRefuse},
		"not yet in force":         {capped + "  - {id: notice, uncounted: true, from: 2026-03-03}\n", touch.DecisionRefuse},
		"set aside":                {capped + "  - {id: notice, uncounted: true}\nwaivers:\n  - {rule: notice, by: Risk, reason: trial, until: 2026-04-01}\n", touch.DecisionRefuse},
		"another rule still binds": {capped + "  - {id: notice, uncounted: true}\n  - {id: no, require: 'false'}\n", touch.DecisionRefuse},
	} {
		t.Run(name, func(t *testing.T) {
			v := say(t, c.rules, func(q *policies.Question, log *contactlog.Snapshot) {
				contact(q, log, time.Hour, nil)
				q.Touch.Plan[0].Template = "notice"
			})
			if v.Decision != c.want {
				t.Errorf("%s by %s, want %s: %+v", v.Decision, v.Rule, c.want, v.Findings)
			}
		})
	}
}

// The forecast at intake and the place at dispatch come to the same.
func TestForecastKnowsWhatIsNotCounted(t *testing.T) {
	g, _ := guard(t, "policy: p\nrules:\n  - {id: once, cap: {limit: 1, per: 7d}, else: refuse}\n  - {id: notice, when: template == 'notice', uncounted: true}\n")
	now := at(t, "03-02 12:00")
	for i, c := range []struct {
		template string
		want     touch.Decision
	}{{"offer", touch.DecisionAllow}, {"offer", touch.DecisionRefuse}, {"notice", touch.DecisionAllow}} {
		q := ask(fmt.Sprint(i), "c", touch.Marketing, touch.SMS, now)
		q.Touch.Plan[0].Template = c.template
		forecast, err := g.Forecast(context.Background(), []policies.Question{q})
		if err != nil || forecast[0].Decision != c.want {
			t.Errorf("%d: forecast %+v %v, want %s", i, forecast, err, c.want)
		}
		place, err := g.Reserve(context.Background(), []policies.Question{q})
		if err != nil || place[0].Decision != c.want {
			t.Errorf("%d: place %+v %v, want %s", i, place, err, c.want)
		}
	}
}
