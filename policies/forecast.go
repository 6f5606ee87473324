package policies

import (
	"context"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Forecast answers without side effect. The verdicts are in the order of qs.
func (g *Guard) Forecast(ctx context.Context, qs []Question) ([]touch.Verdict, error) {
	set, err := g.activeSet()
	if err != nil {
		return nil, err
	}
	verdicts := make([]touch.Verdict, len(qs))
	if set.Keep() == 0 { // no rule counts contacts
		for i, q := range qs {
			verdicts[i] = set.Evaluate(q, contactlog.Snapshot{Known: true})
		}
		return verdicts, nil
	}
	logs, err := g.readLogs(ctx, set, qs)
	if err != nil {
		return nil, err
	}
	for i, q := range qs {
		verdicts[i] = set.Evaluate(q, logs[q.Touch.Customer])
	}
	return verdicts, nil
}

// maxRounds is how often logs are loaded again that vanish while we read.
const maxRounds = 3

// readLogs returns the logs of the questions' customers. It loads those that
// are not known from the ledger.
func (g *Guard) readLogs(ctx context.Context, set *ruleset.Set, qs []Question) (map[string]contactlog.Snapshot, error) {
	logs := make(map[string]contactlog.Snapshot, len(qs))
	ask := make([]string, 0, len(qs))
	for i := range qs {
		customer := qs[i].Touch.Customer
		if _, seen := logs[customer]; !seen {
			logs[customer] = contactlog.Snapshot{}
			ask = append(ask, customer)
		}
	}
	for round := 0; len(ask) > 0; round++ {
		snapshots, err := g.log.Read(ctx, ask)
		if err != nil {
			return nil, err
		}
		var unknown []string
		for i, customer := range ask {
			logs[customer] = snapshots[i]
			if !snapshots[i].Known || snapshots[i].Keep < set.Keep() {
				unknown = append(unknown, customer)
			}
		}
		if len(unknown) == 0 {
			break
		}
		if round == maxRounds {
			return nil, errUnknownLogs(len(unknown))
		}
		if err := g.loadLogs(ctx, set, unknown, qs[0].Now); err != nil {
			return nil, err
		}
		ask = unknown
	}
	return logs, nil
}

func errUnknownLogs(n int) error {
	return touch.Errorf(touch.Unavailable, "", "the contact logs of %d customers cannot be loaded", n)
}
