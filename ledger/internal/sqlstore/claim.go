package sqlstore

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Claim implements ledger.Work. A segment that was claimed at this epoch is
// not claimed again at it, even when the lease ran out: the worker that lost
// it may still be at work, and only a new epoch shuts it out (see Recover).
func (s workStore) Claim(ctx context.Context, ref ledger.SegmentRef, worker string, now, until time.Time) (*ledger.Segment, error) {
	var claimed *ledger.Segment
	done := false
	err := s.update(ctx, func(t *tx) error {
		seg, err := t.lockSegment(ref)
		if err != nil {
			return err
		}
		if seg.claimed {
			return conflict("this segment is being worked on")
		}
		if claimed, err = t.claim(seg); err != nil {
			return err
		}
		if done = len(claimed.Touches) == 0; done {
			seg.seqs = nil
			t.saveSegment(seg)
			return nil
		}
		if len(claimed.Touches) < len(seg.seqs) {
			seg.retain(claimed.Touches)
			t.saveSegment(seg)
		}
		t.send(`UPDATE segments SET claimed = 1, worker = $2, lease_until = $3 WHERE id = $1`, seg.id, worker, micros(until))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if done {
		return nil, conflict("nothing is left in this segment")
	}
	return claimed, nil
}

// claim reads the touches that are still in the segment.
func (t *tx) claim(seg *segment) (*ledger.Segment, error) {
	claimed := &ledger.Segment{Ref: seg.ref(), Crashes: seg.crashes, Touches: make([]ledger.ClaimedTouch, 0, len(seg.seqs))}
	intents := map[int64]*ledger.Intent{}
	for i := range seg.intents {
		intents[seg.intents[i].Seq] = &seg.intents[i]
	}
	dues := t.askDues(seg) // answered before the touches are
	err := t.each(func(rows sqldb.Rows) error {
		tc, r, err := scanTouchProgress(rows)
		if err != nil {
			return err
		}
		if seg.hasGroup(r.alias) {
			r.attach(seg.id, dues[r.alias])
			claimed.Touches = append(claimed.Touches, ledger.ClaimedTouch{Touch: *tc, Progress: r.Progress, Intent: intents[r.Seq]})
		}
		return nil
	}, `SELECT `+touchColumns+`, `+progressColumns+fromProgress+`JOIN campaigns c ON c.no = t.campaign
		WHERE `+t.in("t.seq", 1, sqldb.Integer)+` ORDER BY t.seq`, t.array(seg.seqs))
	return claimed, err
}

// askDues gives, once it is flushed, the times of the segment's waits by the
// names touches know.
func (c *conn) askDues(seg *segment) map[int64]int64 {
	ids := make([]int64, 0, len(seg.groups)/2)
	for i := 0; i < len(seg.groups); i += 2 {
		ids = append(ids, seg.groups[i])
	}
	dues := map[int64]int64{}
	c.ask(func(rows sqldb.Rows) error {
		var id, origin, due int64
		if err := rows.Scan(&id, &origin, &due); err != nil {
			return err
		}
		dues[(&timerGroup{id: id, origin: origin}).alias()] = due
		return nil
	}, `SELECT id, origin, due FROM waits WHERE `+c.in("id", 1, sqldb.Integer), c.array(ids))
	return dues
}

// retain drops members that have left, and their intents.
func (s *segment) retain(touches []ledger.ClaimedTouch) {
	in := make(map[int64]bool, len(touches))
	for i := range touches {
		in[touches[i].Progress.Seq] = true
	}
	s.seqs = slices.DeleteFunc(s.seqs, func(seq int64) bool { return !in[seq] })
	s.intents = slices.DeleteFunc(s.intents, func(i ledger.Intent) bool { return !in[i.Seq] })
}

// scanTouchProgress reads touchColumns and progressColumns.
func scanTouchProgress(rows sqldb.Rows) (*touch.Touch, *progressRow, error) {
	var tc touch.Touch
	var r progressRow
	var due int64
	var id, body, contacts, trail []byte
	err := rows.Scan(&id, &tc.Customer, &tc.Priority, &body, &tc.Caller, &tc.Campaign,
		&r.Seq, &r.campaign, &r.Priority, &r.expires, &r.firstRecord, &r.Version, &r.State, &r.Reason, &r.Leg, &r.Attempts,
		&due, &r.Lane, &r.alias, &r.Provider, &contacts, &trail)
	if err != nil {
		return nil, nil, err
	}
	copy(tc.ID[:], id)
	if err := unpackTouch(body, &tc); err != nil {
		return nil, nil, err
	}
	return &tc, &r, r.complete(due, contacts, trail)
}

// Intend implements ledger.Work.
func (s workStore) Intend(ctx context.Context, ref ledger.SegmentRef, version ledger.ControlVersion, intents []ledger.Intent) (dropped []int, err error) {
	err = s.update(ctx, func(t *tx) error {
		dropped = nil
		t.assertControlVersion(version)
		seg, err := t.lockSegment(ref)
		if err != nil {
			return err
		}
		ok, err := t.unchangedSince(seg, intents)
		if err != nil {
			return err
		}
		fresh := map[int64]bool{}
		var kept []ledger.Intent
		for i := range intents {
			if !ok[i] {
				dropped = append(dropped, i)
				continue
			}
			fresh[intents[i].Seq] = true
			kept = append(kept, intents[i])
		}
		if len(kept) == 0 {
			return nil
		}
		seg.intents = slices.DeleteFunc(seg.intents, func(i ledger.Intent) bool { return fresh[i.Seq] })
		seg.intents = append(seg.intents, kept...)
		t.send(`UPDATE segments SET intents = $2 WHERE id = $1`, seg.id, packIntents(seg.intents))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return dropped, nil
}

// assertControlVersion compares the control version with the one that touches
// were judged under, and keeps it from rising until the transaction is over. The
// next Flush fails with ErrControlChanged.
func (t *tx) assertControlVersion(judged ledger.ControlVersion) {
	t.ask(func(rows sqldb.Rows) error {
		var now ledger.ControlVersion
		if err := rows.Scan(&now); err != nil {
			return err
		}
		if now != judged {
			return ledger.ErrControlChanged
		}
		return nil
	}, `SELECT fence FROM control WHERE id = 1`+t.core.db.ForShare())
}

// unchangedSince tells which touches are in the segment and at the version that the
// intent was judged by.
func (t *tx) unchangedSince(seg *segment, intents []ledger.Intent) ([]bool, error) {
	ok := make([]bool, len(intents))
	seqs := make([]int64, len(intents))
	at := make(map[int64][]int, len(intents))
	for i, in := range intents {
		_, member := slices.BinarySearch(seg.seqs, in.Seq)
		ok[i] = member && in.Version == firstVersion
		seqs[i] = in.Seq
		if member {
			at[in.Seq] = append(at[in.Seq], i)
		}
	}
	err := t.each(func(rows sqldb.Rows) error {
		var seq, version, wait int64
		if err := rows.Scan(&seq, &version, &wait); err != nil {
			return err
		}
		for _, i := range at[seq] {
			ok[i] = intents[i].Version == version && seg.hasGroup(wait)
		}
		return nil
	}, `SELECT seq, version, wait FROM progress WHERE `+t.in("seq", 1, sqldb.Integer), t.array(seqs))
	return ok, err
}
