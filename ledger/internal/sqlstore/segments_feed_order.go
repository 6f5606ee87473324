package sqlstore

import "touchgate.dev/ledger/internal/sqldb"

// feedRank is the order in which groups are fed: higher priorities first, and
// of equal ones what expires first. Groups of one rank are fed by their due time.
type feedRank struct {
	priority int
	expires  int64
}

// feedRanksSQL lists the ranks in which a group of lane $1 is due at $2. It is a
// skip scan: it finds each rank by one seek in the index, however many groups
// wait in a rank or are due later. Priorities go from 9 to 0.
var feedRanksSQL = `WITH RECURSIVE priorities(n) AS (SELECT 9 UNION ALL SELECT n - 1 FROM priorities WHERE n > 0),
	ranks(priority, expires) AS (
		SELECT priorities.n, (SELECT min(w.expires) FROM waits w
			WHERE w.lane = $1 AND w.priority = priorities.n AND ` + isWaiting + `)
		FROM priorities
		UNION ALL
		SELECT ranks.priority, (SELECT min(w.expires) FROM waits w
			WHERE w.lane = $1 AND w.priority = ranks.priority AND w.expires > ranks.expires AND ` + isWaiting + `)
		FROM ranks WHERE ranks.expires IS NOT NULL),
	dues(priority, expires, due) AS (
		SELECT ranks.priority, ranks.expires, (SELECT min(w.due) FROM waits w
			WHERE w.lane = $1 AND w.priority = ranks.priority AND w.expires = ranks.expires AND ` + isWaiting + `)
		FROM ranks WHERE ranks.expires IS NOT NULL)
	SELECT priority, expires FROM dues WHERE due <= $2 ORDER BY priority DESC, expires`

// dueRanks returns the ranks that have due groups, in the order of feeding.
func (f *feedTx) dueRanks() (ranks []feedRank, err error) {
	err = f.t.each(func(rows sqldb.Rows) error {
		var rank feedRank
		if err := rows.Scan(&rank.priority, &rank.expires); err != nil {
			return err
		}
		ranks = append(ranks, rank)
		return nil
	}, f.t.core.sql.feedRanks, f.lane, f.now)
	return ranks, err
}
