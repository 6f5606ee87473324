package policies_test

import (
	"fmt"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// Forecast and Reserve agree on contacts that are in no count.
func TestExemptForecastAndReserve(t *testing.T) {
	g, _ := guard(t, "policy: p\nrules:\n  - {id: once, cap: {limit: 1, per: 7d}, else: refuse}\n  - {id: notice, when: template == 'notice', uncounted: true}\n")
	now := at(t, "03-02 12:00")
	for i, c := range []struct {
		template string
		want     touch.Decision
	}{{"offer", touch.DecisionAllow}, {"offer", touch.DecisionRefuse}, {"notice", touch.DecisionAllow}} {
		q := ask(fmt.Sprint(i), "c", touch.Marketing, touch.SMS, now)
		q.Touch.Plan[0].Template = c.template
		forecast, err := g.Forecast(t.Context(), []policies.Question{q})
		if err != nil || forecast[0].Decision != c.want {
			t.Errorf("%d: forecast %+v %v, want %s", i, forecast, err, c.want)
		}
		reserved, err := g.Reserve(t.Context(), []policies.Question{q})
		if err != nil || reserved[0].Decision != c.want {
			t.Errorf("%d: reserved %+v %v, want %s", i, reserved, err, c.want)
		}
	}
}
