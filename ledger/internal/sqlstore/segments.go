package sqlstore

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
)

// segment is a row of segments.
type segment struct {
	id      int64
	lane    string
	epoch   int64
	claimed bool
	worker  string    // that a new one is held by; lockSegment leaves it out
	until   time.Time // likewise, the end of its lease
	crashes int
	groups  []int64 // pairs: the wait's id, and the name its touches know it by
	seqs    []int64
	intents []ledger.Intent
}

func (s *segment) ref() ledger.SegmentRef {
	return ledger.SegmentRef{Segment: s.id, Epoch: s.epoch, Lane: s.lane}
}

// addGroup adds members of a wait.
func (s *segment) addGroup(w *timerGroup, seqs []int64) {
	s.groups = append(s.groups, w.id, w.alias())
	s.seqs = append(s.seqs, seqs...)
}

// hasGroup reports whether a touch that names this wait may be in the segment.
func (s *segment) hasGroup(name int64) bool {
	for i := 1; i < len(s.groups); i += 2 {
		if s.groups[i] == name {
			return true
		}
	}
	return false
}

func (t *tx) insertSegment(s *segment) {
	slices.Sort(s.seqs)
	claimed := 0
	if s.claimed {
		claimed = 1
	}
	t.send(`INSERT INTO segments (id, lane, epoch, claimed, worker, lease_until, since, crashes, waits, seqs, intents)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)`,
		s.id, s.lane, s.epoch, claimed, s.worker, micros(s.until), micros(t.core.now()), wire.PackInts(s.groups), wire.PackInts(s.seqs), packIntents(s.intents))
}

// lockSegment reads a segment at an epoch; class Conflict when there is none.
func (t *tx) lockSegment(ref ledger.SegmentRef) (*segment, error) {
	return t.askSegment(ref)()
}

// askSegment is lockSegment for who has more to ask before found, which waits
// for the answer.
func (t *tx) askSegment(ref ledger.SegmentRef) (found func() (*segment, error)) {
	var s *segment
	t.ask(func(rows sqldb.Rows) (err error) {
		s, err = scanSegment(rows, ref)
		return err
	}, `SELECT lane, epoch, claimed, crashes, waits, seqs, intents FROM segments WHERE id = $1 AND epoch = $2`+t.core.db.ForUpdate(),
		ref.Segment, ref.Epoch)
	return func() (*segment, error) {
		if err := t.Flush(); err != nil {
			return nil, err
		}
		if s == nil {
			return nil, conflict("this segment is done, or was taken over")
		}
		return s, nil
	}
}

func scanSegment(rows sqldb.Rows, ref ledger.SegmentRef) (*segment, error) {
	s := &segment{id: ref.Segment}
	var waits, seqs, intents []byte
	var claimed int64
	err := rows.Scan(&s.lane, &s.epoch, &claimed, &s.crashes, &waits, &seqs, &intents)
	if err != nil {
		return nil, err
	}
	s.claimed = claimed != 0
	if s.groups, err = wire.UnpackInts(waits); err != nil {
		return nil, err
	}
	if s.seqs, err = wire.UnpackInts(seqs); err != nil {
		return nil, err
	}
	s.intents, err = unpackIntents(intents)
	return s, err
}

// saveSegment stores what is left of a segment and its intents, or ends it.
func (t *tx) saveSegment(s *segment) {
	if len(s.seqs) > 0 {
		t.send(`UPDATE segments SET seqs = $2, intents = $3 WHERE id = $1`, s.id, wire.PackInts(s.seqs), packIntents(s.intents))
		return
	}
	ids := make([]int64, 0, len(s.groups)/2)
	for i := 0; i < len(s.groups); i += 2 {
		ids = append(ids, s.groups[i])
	}
	t.deleteGroups(ids)
	t.send(`DELETE FROM segments WHERE id = $1`, s.id)
}

// remove takes touches out of a segment, and their intents with them. Touches
// in keep stay, without their intents.
func (s *segment) remove(out map[int64]bool, keep map[int64]bool) {
	s.seqs = slices.DeleteFunc(s.seqs, func(seq int64) bool { return out[seq] && !keep[seq] })
	s.intents = slices.DeleteFunc(s.intents, func(i ledger.Intent) bool { return out[i.Seq] })
}

// OpenSegments implements ledger.Work.
func (s workStore) OpenSegments(ctx context.Context, lane string) (n int, err error) {
	err = s.query(ctx, func(c *conn) error {
		_, err := c.one([]any{&n}, `SELECT count(*) FROM segments WHERE lane = $1`, lane)
		return err
	})
	return n, err
}

// Renew implements ledger.Work.
func (s workStore) Renew(ctx context.Context, ref ledger.SegmentRef, worker string, until time.Time) error {
	return s.setLease(ctx, ref, worker, true, until)
}

// Release implements ledger.Work.
func (s workStore) Release(ctx context.Context, ref ledger.SegmentRef, worker string) error {
	return s.setLease(ctx, ref, worker, false, time.Time{})
}

// setLease changes the lease that the worker holds.
func (s workStore) setLease(ctx context.Context, ref ledger.SegmentRef, worker string, claimed bool, until time.Time) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE segments SET lease_until = $4, claimed = $5 WHERE id = $1 AND epoch = $2 AND worker = $3 AND claimed = 1`,
			ref.Segment, ref.Epoch, worker, micros(until), flag(claimed))
		if err == nil && n == 0 {
			return conflict("the lease on this segment was lost")
		}
		return err
	})
}

// ReclaimExpired implements ledger.Recovery.
func (s recoveryStore) ReclaimExpired(ctx context.Context, leasesBefore, unclaimedBefore time.Time, limit int) ([]ledger.SegmentRef, error) {
	return s.reclaim(ctx, `(claimed = 1 AND lease_until < $3) OR (claimed = 0 AND since < $1)`, unclaimedBefore, limit, micros(leasesBefore))
}

// ReclaimAll implements ledger.Recovery.
func (s recoveryStore) ReclaimAll(ctx context.Context, unclaimedBefore time.Time, limit int) ([]ledger.SegmentRef, error) {
	return s.reclaim(ctx, `claimed = 1 OR since < $1`, unclaimedBefore, limit)
}

// reclaim raises the epoch of the segments that a condition selects; in it, $1
// is unclaimedBefore, and more are the parameters from $3 on.
func (s recoveryStore) reclaim(ctx context.Context, where string, unclaimedBefore time.Time, limit int, more ...any) ([]ledger.SegmentRef, error) {
	if err := s.applyUnmatched(ctx, nil, true, s.now()); err != nil {
		return nil, err
	}
	if err := s.dropExpiredUnmatched(ctx, s.now()); err != nil {
		return nil, err
	}
	var refs []ledger.SegmentRef
	err := s.update(ctx, func(t *tx) error {
		refs = nil
		var ids []int64
		err := t.each(func(rows sqldb.Rows) error {
			var ref ledger.SegmentRef
			if err := rows.Scan(&ref.Segment, &ref.Epoch, &ref.Lane); err != nil {
				return err
			}
			ref.Epoch++
			refs, ids = append(refs, ref), append(ids, ref.Segment)
			return nil
		}, `SELECT id, epoch, lane FROM segments
			WHERE `+where+` ORDER BY id LIMIT $2`+t.core.db.SkipLocked(),
			append([]any{micros(unclaimedBefore), clampLimit(limit, 100, 10_000)}, more...)...)
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = t.exec(`UPDATE segments SET epoch = epoch + 1, crashes = crashes + claimed, claimed = 0, worker = '',
			lease_until = 0, since = $2 WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids), micros(t.core.now()))
		return err
	})
	return refs, err
}
