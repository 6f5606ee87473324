package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// feedRank is what waits take their turns by: higher priorities first, of equal
// ones what expires first, and only then what is due for longest.
type feedRank struct {
	priority int
	expires  int64
}

// feedRanksSQL are all turns that something waits for in lane $1, each with its
// earliest due time. To find the next one is a seek in the index, however many
// wait in it or are due later.
const feedRanksSQL = `WITH RECURSIVE p(n) AS (SELECT 9 UNION ALL SELECT n - 1 FROM p WHERE n > 0),
	turns(priority, expires) AS (
		SELECT p.n, (SELECT min(w.expires) FROM waits w WHERE w.lane = $1 AND w.priority = p.n AND w.stage = 0) FROM p
		UNION ALL
		SELECT t.priority, (SELECT min(w.expires) FROM waits w
			WHERE w.lane = $1 AND w.priority = t.priority AND w.expires > t.expires AND w.stage = 0)
		FROM turns t WHERE t.expires IS NOT NULL),
	dues(priority, expires, due) AS (
		SELECT t.priority, t.expires, (SELECT min(w.due) FROM waits w
			WHERE w.lane = $1 AND w.priority = t.priority AND w.expires = t.expires AND w.stage = 0)
		FROM turns t WHERE t.expires IS NOT NULL) `

// Feed implements ledger.Work.
func (s workStore) Feed(ctx context.Context, lane string, now time.Time, limit int) (ref ledger.SegmentRef, n int, ok bool, err error) {
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

// feedTx is one run of Feed's transaction.
type feedTx struct {
	t     *tx
	lane  string
	now   int64
	limit int
	seg   *segment
	taken []int64 // waits of this page that go into the segment whole
	gone  []int64 // and those that nobody waits in any more
	pages int
}

// feedPages bounds how many reads one Feed makes over waits that came to nothing.
const feedPages = 40

func (f *feedTx) run() error {
	due, err := f.dueTurns()
	if err != nil {
		return err
	}
	for _, next := range due {
		for f.left() > 0 {
			more, err := f.page(next)
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

func (f *feedTx) left() int {
	if f.seg == nil {
		return f.limit
	}
	return f.limit - len(f.seg.seqs)
}

func (f *feedTx) dueTurns() (due []feedRank, err error) {
	err = f.t.each(func(rows sqldb.Rows) error {
		var next feedRank
		if err := rows.Scan(&next.priority, &next.expires); err != nil {
			return err
		}
		due = append(due, next)
		return nil
	}, feedRanksSQL+`SELECT priority, expires FROM dues WHERE due <= $2 ORDER BY priority DESC, expires`, f.lane, f.now)
	return due, err
}

// page takes the next due waits of one turn; more is false when there is no
// sense in asking again.
func (f *feedTx) page(next feedRank) (more bool, err error) {
	if f.pages++; f.pages > feedPages {
		return false, nil
	}
	var due, stopped []*timerGroup
	room := f.left()
	err = f.t.each(func(rows sqldb.Rows) error {
		var status int64
		w, err := scanGroup(rows, &status)
		switch {
		case err != nil:
			return err
		case status == campaignPaused: // workers end what is cancelled, unless it may have been sent
			stopped = append(stopped, w)
		case room > 0:
			room -= len(w.seqs)
			due = append(due, w)
		}
		return nil
	}, `SELECT `+groupFields+`, c.status FROM waits w JOIN campaigns c ON c.no = w.campaign
		WHERE w.lane = $1 AND w.priority = $2 AND w.expires = $3 AND w.due <= $4 AND w.stage = 0
		ORDER BY w.due, w.id LIMIT $5`+f.t.core.db.SkipLockedOf("w"), f.lane, next.priority, next.expires, f.now, f.left())
	if err != nil || len(due)+len(stopped) == 0 {
		return false, err
	}
	f.t.park(stopped)
	in, err := f.t.members(due)
	if err != nil {
		return false, err
	}
	for _, w := range due {
		if err := f.take(w, in); err != nil {
			return false, err
		}
	}
	// What was taken must not be met again by the next page.
	f.settlePage()
	return f.left() > 0, nil
}

// take puts the members of a wait into the segment, or as many as fit.
func (f *feedTx) take(w *timerGroup, in map[groupMember]bool) (err error) {
	members := w.seqs[:0:0]
	for _, seq := range w.seqs {
		if in[groupMember{seq, w.alias()}] {
			members = append(members, seq)
		}
	}
	if len(members) == 0 {
		f.gone = append(f.gone, w.id)
		return nil
	}
	if f.left() == 0 {
		return nil
	}
	if f.seg == nil {
		id, err := f.t.nextID("segments")
		if err != nil {
			return err
		}
		f.seg = &segment{id: id, lane: f.lane, epoch: 1}
	}
	if len(members) <= f.left() {
		f.taken = append(f.taken, w.id)
		f.seg.addGroup(w, members)
		return nil
	}
	return f.split(w, members)
}

// split takes as many members as fit into a wait of their own, and leaves the rest.
func (f *feedTx) split(w *timerGroup, members []int64) error {
	id, err := f.t.nextID("waits")
	if err != nil {
		return err
	}
	n := f.left()
	part := &timerGroup{id: id, origin: w.alias(), groupKey: w.groupKey, seqs: members[:n:n]}
	part.segment = f.seg.id
	f.t.writeGroups([]*timerGroup{part})
	f.seg.addGroup(part, part.seqs)
	f.t.send(`UPDATE waits SET seqs = $2 WHERE id = $1`, w.id, wire.PackInts(members[n:]))
	return nil
}

// settlePage stores what became of a page's waits.
func (f *feedTx) settlePage() {
	f.t.deleteGroups(f.gone)
	if len(f.taken) > 0 {
		f.t.send(`UPDATE waits SET stage = 2, segment = $1 WHERE `+f.t.in("id", 2, sqldb.Integer), f.seg.id, f.t.array(f.taken))
	}
	f.gone, f.taken = nil, nil
}

func (t *tx) deleteGroups(ids []int64) {
	if len(ids) > 0 {
		t.send(`DELETE FROM waits WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	}
}

// park takes waits of campaigns that do not run out of the way.
func (t *tx) park(waits []*timerGroup) {
	if len(waits) == 0 {
		return
	}
	var ids, campaigns []int64
	for _, w := range waits {
		ids, campaigns = append(ids, w.id), append(campaigns, w.campaign)
	}
	t.send(`UPDATE waits SET stage = 1 WHERE `+t.in("id", 1, sqldb.Integer), t.array(ids))
	t.send(`UPDATE campaigns SET sweep = 1 WHERE `+t.in("no", 1, sqldb.Integer), t.array(sortedSet(campaigns)))
}
