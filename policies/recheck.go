package policies

import (
	"context"
	"time"

	"touchgate.dev/policies/contactlog"
)

// staleAfter is how long a place may be pending before the ledger is asked
// about it. It is far longer than a worker may take from judging to sending
// (workers judge again what they judged seconds ago, and providers refuse what
// comes later), so that what the ledger does not know by then never goes out.
const staleAfter = 5 * time.Minute

// stale gives the entries that have been pending for too long at now, which
// must be the present: a forecast asks about instants to come, at which every
// place would seem old, and so has no part in this.
func stale(entries []contactlog.Entry, now time.Time) (old []contactlog.Entry) {
	for i := range entries {
		if e := &entries[i]; e.Pending && now.Sub(e.At) > staleAfter {
			old = append(old, *e)
		}
	}
	return old
}

// recheck settles stale places of customers by the ledger's word: the ledger
// was told, and a worker died, or Redis did not answer, before the log was.
// What the ledger does not know is given back, what it says was made is
// committed, and what is pending there too stays.
func (g *Guard) recheck(ctx context.Context, set *Set, places map[string][]contactlog.Entry, now time.Time) error {
	if len(places) == 0 {
		return nil
	}
	customers := make([]string, 0, len(places))
	for c := range places {
		customers = append(customers, c)
	}
	truth, err := g.rehydrate(ctx, customers, now.Add(-keepOf(set)))
	if err != nil {
		return err
	}
	var ss []contactlog.Settlement
	for customer, old := range places {
		known := make(map[string]*contactlog.Entry, len(truth[customer]))
		for i := range truth[customer] {
			known[truth[customer][i].ID] = &truth[customer][i]
		}
		for i := range old {
			switch e := known[old[i].ID]; {
			case e == nil:
				ss = append(ss, contactlog.Settlement{Customer: customer, ID: old[i].ID, Release: true, At: old[i].At})
			case !e.Pending:
				ss = append(ss, contactlog.Settlement{Customer: customer, ID: e.ID, At: e.At, Kind: e.Kind})
			}
		}
	}
	return g.Settle(ctx, ss)
}
