package gatewaytest

import (
	"context"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Guard allows everything, unless Judge is set. Not safe for concurrent use.
type Guard struct {
	Judge   func(q policies.Question) touch.Verdict
	Err     error                   // returned by every call
	Settled []contactlog.Settlement // what was corrected
	Asked   int                     // questions so far
}

// Forecast implements gateway.Guard.
func (g *Guard) Forecast(_ context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	verdicts := make([]touch.Verdict, len(qs))
	for i, q := range qs {
		g.Asked++
		verdicts[i] = touch.Verdict{Decision: touch.DecisionAllow, Channel: q.Touch.Plan[q.Leg].Channel, At: q.Now}
		if g.Judge != nil {
			verdicts[i] = g.Judge(q)
		}
	}
	return verdicts, g.Err
}

// Settle implements gateway.Guard.
func (g *Guard) Settle(_ context.Context, ss []contactlog.Settlement) error {
	g.Settled = append(g.Settled, ss...)
	return g.Err
}
