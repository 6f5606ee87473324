package policies

import (
	"context"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
)

// loadLogs makes the logs of customers known, from the ledger.
func (g *Guard) loadLogs(ctx context.Context, set *ruleset.Set, customers []string, now time.Time) error {
	keep := keepFor(set)
	since := now.Add(-keep)
	return g.log.Rehydrate(ctx, customers, keep, func(ctx context.Context, customers []string) (map[string][]contactlog.Entry, error) {
		return g.rehydrate(ctx, customers, since)
	})
}
