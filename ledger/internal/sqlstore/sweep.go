package sqlstore

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// sweepRounds bounds how many transactions one sweep makes over groups that
// have no members any more.
const sweepRounds = 50

// sweep runs fn in transactions until one has moved something or nothing is
// left. fn returns how many touches it moved, and whether there may be more.
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

// groupsAtOnce bounds how many groups one transaction of a sweep locks.
const groupsAtOnce = "100"

func lockGroupsSQL(d sqldb.Dialect, where string) string {
	return `SELECT ` + groupFields.List() + ` FROM waits w WHERE ` + where + ` LIMIT ` + groupsAtOnce + d.SkipLocked()
}

// lockGroups locks groups with about limit touches in all, but at least one
// group. query comes from lockGroupsSQL.
func (t *tx) lockGroups(query string, limit int, args ...any) (groups []*timerGroup, err error) {
	room := limit
	err = t.each(func(rows sqldb.Rows) error {
		g, err := scanGroup(rows)
		if err == nil && (room == limit || len(g.seqs) <= room) {
			room -= len(g.seqs)
			groups = append(groups, g)
		}
		return err
	}, query, args...)
	return groups, err
}

// endGroups runs move on the touches that are still in the groups, and deletes
// the groups that are empty after it. It returns how many touches it moved, and
// the groups with touches that move left as they were.
func (t *tx) endGroups(
	groups []*timerGroup, move func(ledger.Progress, *touch.Touch) (ledger.Progress, []touch.Event),
) (n int, left []*timerGroup, err error) {
	in, err := t.members(groups)
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

	ts := newTransitionSet(t)
	for _, seq := range seqs {
		ts.add(seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			if cur.Segment != 0 {
				return cur, nil // a worker has it by now
			}
			return move(cur, touches[seq])
		})
	}
	if err := ts.apply(); err != nil {
		return 0, nil, err
	}

	stays := func(seq int64) bool {
		tr := ts.bySeq[seq]
		return tr.before != nil && tr.unchanged()
	}
	var empty []int64
	for _, g := range groups {
		if slices.ContainsFunc(g.seqs, func(seq int64) bool { return in[groupMember{seq, g.alias()}] && stays(seq) }) {
			left = append(left, g)
		} else {
			empty = append(empty, g.id)
		}
	}
	for _, seq := range seqs {
		if !stays(seq) {
			n++
		}
	}
	t.deleteGroups(empty)
	return n, left, nil
}

// inFinalState returns a progress moved to a final state, and the event of it.
func inFinalState(
	cur ledger.Progress, tc *touch.Touch, to touch.State, kind touch.EventKind, now time.Time,
) (ledger.Progress, []touch.Event) {
	cur.Version++
	cur.State = to
	cur.Due = time.Time{}
	e := tc.Event(kind, now, to, cur.Leg)
	e.Reason = cur.Reason
	return cur, []touch.Event{e}
}
