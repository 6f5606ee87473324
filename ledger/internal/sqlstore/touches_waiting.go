package sqlstore

import (
	"context"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// maxCountedGroups bounds how many timer groups of a lane are counted. A group
// has up to touch.MaxBatch touches.
const maxCountedGroups = "10000"

// CountWaiting implements ledger.Touches.
func (s touchStore) CountWaiting(ctx context.Context, caller string, channel touch.Channel) (n int64, err error) {
	err = s.readTx(ctx, func(c *conn) error {
		if channel == "" {
			n, err = c.countDue(caller)
			return err
		}
		for _, urgent := range []bool{true, false} {
			inLane, err := c.countInLane(touch.Lane(channel, urgent))
			if err != nil {
				return err
			}
			n += inLane
		}
		if caller != "" {
			ofCaller, err := c.countDue(caller)
			n = min(n, ofCaller)
			return err
		}
		return nil
	})
	return n, err
}

// countDue counts the due touches of a caller, or of all.
func (c *conn) countDue(caller string) (n int64, err error) {
	_, err = c.one([]any{&n}, `SELECT CAST(COALESCE(sum(k.n), 0) AS BIGINT) FROM counts k JOIN campaigns c ON c.no = k.campaign
		WHERE k.state = $1 AND (c.caller = $2 OR $2 = '')`, string(touch.StateDue), caller)
	return n, err
}

// countInLane counts what timers and segments of a lane list. Some of it may have
// moved on.
func (c *conn) countInLane(lane string) (n int64, err error) {
	count := func(rows sqldb.Rows) error {
		var seqs []byte
		err := rows.Scan(&seqs)
		n += int64(wire.CountInts(seqs))
		return err
	}
	c.ask(count, `SELECT w.seqs FROM waits w WHERE w.lane = $1 AND `+isWaiting+` LIMIT `+maxCountedGroups, lane)
	err = c.each(count, `SELECT seqs FROM segments WHERE lane = $1 LIMIT `+maxCountedGroups, lane)
	return n, err
}
