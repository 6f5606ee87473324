package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
)

// Claim implements ledger.Work. A segment is claimed once at each epoch, even
// when the lease of the first claim has run out: the worker that lost its lease
// may still be sending. Only a higher epoch shuts that worker out, see ReclaimExpired.
func (s workStore) Claim(
	ctx context.Context, ref ledger.SegmentRef, worker string, now, until time.Time,
) (*ledger.Segment, error) {
	var claimed *ledger.Segment
	err := s.update(ctx, func(t *tx) (err error) {
		claimed, err = t.claim(ref, worker, until)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(claimed.Touches) == 0 {
		return nil, conflict("nothing is left in this segment")
	}
	return claimed, nil
}

// claim leases a segment to a worker and returns what is in it. A segment
// without touches is deleted instead.
func (t *tx) claim(ref ledger.SegmentRef, worker string, until time.Time) (*ledger.Segment, error) {
	seg, err := t.lockSegment(ref)
	if err != nil {
		return nil, err
	}
	if seg.claimed {
		return nil, conflict("this segment is being worked on")
	}
	claimed, err := t.readSegment(seg)
	if err != nil {
		return nil, err
	}

	// Touches can have left since the segment was made, for example because
	// they were cancelled. The row names them until it is saved.
	if left := len(claimed.Touches); left < len(seg.seqs) || left == 0 {
		seg.retain(claimed.Touches)
		t.saveSegment(seg)
	}
	if len(claimed.Touches) > 0 {
		t.send(`UPDATE segments SET claimed = 1, worker = $2, lease_until = $3 WHERE id = $1`, seg.id, worker, micros(until))
	}
	return claimed, nil
}

func claimTouchesSQL(d sqldb.Dialect) string {
	return `SELECT ` + touchProgressColumns + fromTouchProgress +
		`WHERE ` + d.In("t.seq", 1, sqldb.Integer) + ` ORDER BY t.seq`
}

// readSegment reads the touches that are still in a segment, with the intents
// that an earlier worker left behind.
func (t *tx) readSegment(seg *segment) (*ledger.Segment, error) {
	claimed := &ledger.Segment{
		Ref: seg.ref(), Crashes: seg.crashes, Touches: make([]ledger.ClaimedTouch, 0, len(seg.seqs)),
	}
	intents := map[int64]*ledger.Intent{}
	for i := range seg.intents {
		intents[seg.intents[i].Seq] = &seg.intents[i]
	}

	// Both queries travel together. The first one has been read when the rows
	// of the second one arrive.
	dues := t.queueSegmentTimers(seg)
	err := t.each(func(rows sqldb.Rows) error {
		tc, r, err := scanTouchProgress(rows)
		if err != nil {
			return err
		}
		if !seg.hasGroup(r.alias) {
			return nil
		}
		r.attach(seg.id, dues[r.alias])
		claimed.Touches = append(claimed.Touches, ledger.ClaimedTouch{
			Touch: *tc, Progress: r.Progress, Intent: intents[r.Seq],
		})
		return nil
	}, t.core.sql.claimTouches, t.array(seg.seqs))
	return claimed, err
}

func segmentTimersSQL(d sqldb.Dialect) string {
	return `SELECT id, origin, due FROM waits WHERE ` + d.In("id", 1, sqldb.Integer)
}

// queueSegmentTimers queues a query for the due times of a segment's timer
// groups. The map is filled, by alias, when the session is flushed.
func (c *conn) queueSegmentTimers(seg *segment) map[int64]int64 {
	dues := map[int64]int64{}
	c.ask(func(rows sqldb.Rows) error {
		var g timerGroup
		if err := rows.Scan(&g.id, &g.origin, &g.due); err != nil {
			return err
		}
		dues[g.alias()] = g.due
		return nil
	}, c.core.sql.segmentTimers, c.array(seg.groupIDs()))
	return dues
}
