package policies

import (
	"context"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
)

// staleAfter is how long a reservation may be pending before the ledger is
// asked about it. A worker takes far less from evaluating to sending: it
// evaluates again what is some seconds old, and providers refuse what comes
// later. So what the ledger does not know by then will never be sent.
const staleAfter = 5 * time.Minute

// stalePending are the entries that have been pending for too long at now,
// which must be the present. A forecast asks about instants to come, at which
// every reservation would look old, and so takes no part in this.
func stalePending(entries []contactlog.Entry, now time.Time) []contactlog.Entry {
	var old []contactlog.Entry
	for i := range entries {
		if e := &entries[i]; e.Pending && now.Sub(e.At) > staleAfter {
			old = append(old, *e)
		}
	}
	return old
}

// recheck compares stale reservations, by customer, with the ledger. They are
// left over when a worker told the ledger what happened, and then died or could
// not reach Redis. A reservation that the ledger does not know is released, one
// that was sent is committed, and one that is pending there too stays.
func (g *Guard) recheck(ctx context.Context, set *ruleset.Set, stale map[string][]contactlog.Entry, now time.Time) error {
	if len(stale) == 0 {
		return nil
	}
	customers := make([]string, 0, len(stale))
	for customer := range stale {
		customers = append(customers, customer)
	}
	inLedger, err := g.rehydrate(ctx, customers, now.Add(-keepFor(set)))
	if err != nil {
		return err
	}

	var settlements []contactlog.Settlement
	for customer, old := range stale {
		known := make(map[string]*contactlog.Entry, len(inLedger[customer]))
		for i := range inLedger[customer] {
			known[inLedger[customer][i].ID] = &inLedger[customer][i]
		}
		for i := range old {
			switch e := known[old[i].ID]; {
			case e == nil:
				settlements = append(settlements, contactlog.Settlement{Customer: customer, ID: old[i].ID, Release: true, At: old[i].At})
			case !e.Pending:
				settlements = append(settlements, contactlog.Settlement{Customer: customer, ID: e.ID, At: e.At, Kind: e.Kind})
			}
		}
	}
	return g.Settle(ctx, settlements)
}
