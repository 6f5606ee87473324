package sqlstore

import (
	"cmp"
	"slices"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// countKey is one line of a campaign's counts: how many of its touches are in a
// state for a reason. Touches without a campaign belong to their caller's
// campaign "".
type countKey struct {
	campaign int64
	state    touch.State
	reason   string
}

// count records that n touches came to a state; a negative n, that they left it.
func (t *tx) count(k countKey, n int64) { t.counts[k] += n }

// countChange is how much one line of the counts changes.
type countChange struct {
	countKey
	n int64
}

var insertCounts = sqldb.NewInsert("counts", sqldb.Columns[countChange]{
	sqldb.Int("campaign", func(c countChange) int64 { return c.campaign }),
	sqldb.Text("state", func(c countChange) string { return string(c.state) }),
	sqldb.Text("reason", func(c countChange) string { return c.reason }),
	sqldb.Int("n", func(c countChange) int64 { return c.n }),
}, "(campaign, state, reason) DO UPDATE SET n = counts.n + excluded.n", "")

// writeCounts adds what the transaction has counted. All transactions write the
// lines in the same order, so that they cannot block each other for ever.
func (t *tx) writeCounts() {
	changes := make([]countChange, 0, len(t.counts))
	for k, n := range t.counts {
		if n != 0 {
			changes = append(changes, countChange{countKey: k, n: n})
		}
	}
	slices.SortFunc(changes, func(a, b countChange) int {
		return cmp.Or(
			cmp.Compare(a.campaign, b.campaign),
			cmp.Compare(a.state, b.state),
			cmp.Compare(a.reason, b.reason),
		)
	})
	insert(&t.conn, insertCounts, changes)
}
