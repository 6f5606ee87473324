package sqlstore

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// ExpireUnconfirmed implements ledger.Recovery.
func (s recoveryStore) ExpireUnconfirmed(ctx context.Context, sentBefore, now time.Time, limit int) (n int, err error) {
	limit = clampLimit(limit, touch.MaxBatch, touch.MaxBatch)
	return s.sweep(ctx, func(t *tx) (n int, more bool, err error) {
		waits, err := t.lockGroups(`w.lane = $1 AND w.priority = 0 AND w.expires = $3 AND w.due < $2 AND w.stage = 0 ORDER BY w.due, w.id`, limit,
			laneAging, micros(sentBefore), never)
		if err != nil || len(waits) == 0 {
			return 0, false, err
		}
		n, _, err = t.endGroups(waits, func(cur ledger.Progress, tc *touch.Touch) (ledger.Progress, []touch.Event) {
			if cur.State != touch.StateSent && cur.State != touch.StateUnknown {
				return cur, nil
			}
			return inFinalState(cur, tc, touch.StateUnconfirmed, touch.EventUnconfirmed, now)
		})
		return n, true, err
	})
}

// sweepRounds bounds how many transactions one sweep makes over waits in which
// nobody waits any more.
const sweepRounds = 50

// sweep runs fn until it moved something or there is no more.
func (s *core) sweep(ctx context.Context, fn func(*tx) (n int, more bool, err error)) (n int, err error) {
	more := true
	for i := 0; i < sweepRounds && n == 0 && more && err == nil; i++ {
		err = s.update(ctx, func(t *tx) (err error) {
			n, more, err = fn(t)
			return err
		})
	}
	return n, err
}

// lockGroups locks waits that hold up to about limit touches, at least one wait.
func (t *tx) lockGroups(where string, limit int, args ...any) (waits []*timerGroup, err error) {
	room := limit
	err = t.each(func(rows sqldb.Rows) error {
		w, err := scanGroup(rows)
		if err == nil && (room == limit || len(w.seqs) <= room) {
			room -= len(w.seqs)
			waits = append(waits, w)
		}
		return err
	}, `SELECT `+groupFields+` FROM waits w WHERE `+where+` LIMIT 100`+t.core.db.SkipLocked(), args...)
	return waits, err
}

// endGroups moves the touches that still wait, and deletes the waits in which
// nobody stays. It answers how many it moved, and the waits with those whom
// move left as they were.
func (t *tx) endGroups(waits []*timerGroup, move func(ledger.Progress, *touch.Touch) (ledger.Progress, []touch.Event)) (n int, stay []*timerGroup, err error) {
	in, err := t.members(waits)
	if err != nil {
		return 0, nil, err
	}
	var seqs []int64
	for m := range in {
		seqs = append(seqs, m.seq)
	}
	touches, err := t.touches(seqs)
	if err != nil {
		return 0, nil, err
	}
	ms := newTransitionSet(t)
	for _, seq := range seqs {
		ms.add(seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			if cur.Segment != 0 {
				return cur, nil
			}
			return move(cur, touches[seq])
		})
	}
	if err := ms.run(); err != nil {
		return 0, nil, err
	}
	stays := func(seq int64) bool { m := ms.bySeq[seq]; return m.before != nil && m.next.Version == m.before.Version }
	var gone []int64
	for _, w := range waits {
		if slices.ContainsFunc(w.seqs, func(seq int64) bool { return in[groupMember{seq, w.alias()}] && stays(seq) }) {
			stay = append(stay, w)
		} else {
			gone = append(gone, w.id)
		}
	}
	for _, seq := range seqs {
		if !stays(seq) {
			n++
		}
	}
	t.deleteGroups(gone)
	return n, stay, nil
}

// inFinalState is a progress that comes to a final state.
func inFinalState(cur ledger.Progress, tc *touch.Touch, to touch.State, kind touch.EventKind, now time.Time) (ledger.Progress, []touch.Event) {
	cur.Version++
	cur.State, cur.Due = to, time.Time{}
	e := tc.Event(kind, now, to, cur.Leg)
	e.Reason = cur.Reason
	return cur, []touch.Event{e}
}
