package gatewaytest

import (
	"context"
	"slices"
	"sync"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Guard allows everything, unless Judge is set. Its methods are safe for
// concurrent use, as a stream judges several chunks at once; set the fields
// before the first call.
type Guard struct {
	Judge func(q policies.Question) touch.Verdict
	Err   error // returned by every call

	mu      sync.Mutex
	asked   int
	settled []contactlog.Settlement
}

// Forecast implements gateway.Guard.
func (g *Guard) Forecast(_ context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	g.mu.Lock()
	g.asked += len(qs)
	g.mu.Unlock()

	verdicts := make([]touch.Verdict, len(qs))
	for i, q := range qs {
		verdicts[i] = touch.Verdict{Decision: touch.DecisionAllow, Channel: q.Touch.Plan[q.Leg].Channel, At: q.Now}
		if g.Judge != nil {
			verdicts[i] = g.Judge(q)
		}
	}
	return verdicts, g.Err
}

// Settle implements gateway.Guard.
func (g *Guard) Settle(_ context.Context, ss []contactlog.Settlement) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settled = append(g.settled, ss...)
	return g.Err
}

// Asked is the number of questions so far.
func (g *Guard) Asked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// Settled lists what was corrected so far, in order.
func (g *Guard) Settled() []contactlog.Settlement {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.settled)
}
