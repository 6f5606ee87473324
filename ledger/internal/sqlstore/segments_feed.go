package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// Feed implements ledger.Work.
func (s workStore) Feed(
	ctx context.Context, lane string, now time.Time, limit int,
) (ref ledger.SegmentRef, n int, ok bool, err error) {
	limit = clampLimit(limit, touch.MaxBatch, touch.MaxBatch)
	var f *feedTx
	err = s.update(ctx, func(t *tx) error {
		f = &feedTx{t: t, lane: lane, now: micros(now), limit: limit}
		return f.run()
	})
	if err != nil || f.seg == nil {
		return ref, 0, false, err
	}
	return f.seg.ref(), len(f.seg.seqs), true, nil
}

// feedTx is one run of Feed's transaction. It takes due groups into a new
// segment, rank by rank and page by page.
type feedTx struct {
	t     *tx
	lane  string
	now   int64
	limit int
	seg   *segment // nil: nothing is due so far

	// Of the current page:
	taken []int64 // ids of groups that go into the segment whole
	empty []int64 // ids of groups that have no members any more
	pages int     // read so far, of all ranks
}

// maxFeedPages bounds how many pages one Feed reads, when groups turn out to be
// empty or their campaigns paused.
const maxFeedPages = 40

func (f *feedTx) run() error {
	ranks, err := f.dueRanks()
	if err != nil {
		return err
	}
	for _, rank := range ranks {
		for f.room() > 0 {
			more, err := f.takePage(rank)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	if f.seg != nil {
		f.t.insertSegment(f.seg)
	}
	return nil
}

// room is how many touches more the segment may take.
func (f *feedTx) room() int {
	if f.seg == nil {
		return f.limit
	}
	return f.limit - len(f.seg.seqs)
}

func feedGroupsSQL(d sqldb.Dialect) string {
	return `SELECT ` + groupFields.List() + `, c.status FROM waits w JOIN campaigns c ON c.no = w.campaign
		WHERE w.lane = $1 AND w.priority = $2 AND w.expires = $3 AND w.due <= $4 AND ` + isWaiting + `
		ORDER BY w.due, w.id LIMIT $5` + d.SkipLockedOf("w")
}

// takePage takes the next due groups of one rank. more is false when the rank
// has no more, or the segment is full.
func (f *feedTx) takePage(rank feedRank) (more bool, err error) {
	if f.pages++; f.pages > maxFeedPages {
		return false, nil
	}

	// A group counts with all that it lists, though some may have left.
	var due, paused []*timerGroup
	room := f.room()
	err = f.t.each(func(rows sqldb.Rows) error {
		var status campaignStatus
		g, err := scanGroup(rows, &status)
		switch {
		case err != nil:
			return err
		case status == campaignPaused:
			paused = append(paused, g)
		case room > 0:
			// Touches of cancelled campaigns are taken too: a worker ends them,
			// unless they may have been sent.
			room -= len(g.seqs)
			due = append(due, g)
		}
		return nil
	}, f.t.core.sql.feedGroups, f.lane, rank.priority, rank.expires, f.now, f.room())
	if err != nil || len(due)+len(paused) == 0 {
		return false, err
	}

	f.t.park(paused)
	in, err := f.t.members(due)
	if err != nil {
		return false, err
	}
	for _, g := range due {
		if err := f.take(g, in); err != nil {
			return false, err
		}
	}
	f.savePage()
	return f.room() > 0, nil
}

// take puts the members of a group into the segment, or as many as fit.
func (f *feedTx) take(g *timerGroup, in map[groupMember]bool) (err error) {
	members := make([]int64, 0, len(g.seqs))
	for _, seq := range g.seqs {
		if in[groupMember{seq, g.alias()}] {
			members = append(members, seq)
		}
	}
	if len(members) == 0 {
		f.empty = append(f.empty, g.id)
		return nil
	}
	if f.room() == 0 {
		return nil
	}
	if f.seg == nil {
		id, err := f.t.nextID("segments")
		if err != nil {
			return err
		}
		f.seg = &segment{id: id, lane: f.lane, epoch: 1}
	}
	if len(members) <= f.room() {
		f.taken = append(f.taken, g.id)
		f.seg.addGroup(g, members)
		return nil
	}
	return f.split(g, members)
}

// split moves as many members as fit into a new group with the same alias, and
// leaves the rest. So no touch's row has to be written: all of them go on to
// name the old group.
func (f *feedTx) split(g *timerGroup, members []int64) error {
	id, err := f.t.nextID("waits")
	if err != nil {
		return err
	}
	n := f.room()
	part := &timerGroup{id: id, origin: g.alias(), groupKey: g.groupKey, seqs: members[:n:n]}
	part.segment = f.seg.id
	f.t.writeGroups([]*timerGroup{part})
	f.seg.addGroup(part, part.seqs)
	f.t.send(`UPDATE waits SET seqs = $2 WHERE id = $1`, g.id, wire.PackInts(members[n:]))
	return nil
}

// savePage stores what became of a page's groups, so that the next page does
// not read them again.
func (f *feedTx) savePage() {
	f.t.deleteGroups(f.empty)
	if len(f.taken) > 0 {
		f.t.send(`UPDATE waits SET `+groupInSegment.is()+`, segment = $1 WHERE `+f.t.in("id", 2, sqldb.Integer),
			f.seg.id, f.t.array(f.taken))
	}
	f.empty = nil
	f.taken = nil
}

// park puts groups of paused campaigns aside, so that Feed does not read them
// again, and marks the campaigns for ResumeParked.
func (t *tx) park(groups []*timerGroup) {
	if len(groups) == 0 {
		return
	}
	var ids, campaigns []int64
	for _, g := range groups {
		ids = append(ids, g.id)
		campaigns = append(campaigns, g.campaign)
	}
	t.send(`UPDATE waits SET `+groupParked.is()+` WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	t.send(`UPDATE campaigns SET sweep = 1 WHERE `+t.in("no", 1, sqldb.Integer), t.array(sortedSet(campaigns)))
}
