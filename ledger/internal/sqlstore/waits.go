package sqlstore

import (
	"math"
	"slices"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// The stages of a wait.
const (
	groupWaiting   = iota // for its time
	groupParked           // its campaign does not run
	groupInSegment        // in a segment
)

// laneAging is the lane of touches that were sent and wait, without a timer,
// for a receipt that may never come; their due time is when they were sent.
const laneAging = ""

// aging is the span within which sent touches age together.
const aging = int64(time.Minute / time.Microsecond)

// groupKey is what the touches of one wait have in common.
type groupKey struct {
	lane     string
	priority int
	expires  int64 // see soonest
	due      int64
	campaign int64
	segment  int64 // not 0: taken at once
}

// timerGroup is a group of touches that wait together. One that was split off
// another, to fill a segment, names it as its origin: touches name the origin.
type timerGroup struct {
	id, origin int64
	groupKey
	seqs []int64
}

// A timer that was set far ahead may run out up to a tenth of a second late, so
// that those that were set one by one still share waits.
const (
	farAhead = int64(10 * time.Second / time.Microsecond)
	coarse   = int64(100 * time.Millisecond / time.Microsecond)
)

// never is when touches expire that do not, or not within a month: last of all.
const never = math.MaxInt64

// roundExpiry is how the waits tell expiries apart, rounded down: within two hours
// to five minutes, within a day to the hour, then to the day. So touches still
// share waits, and the feeder, which looks for each of them once, has fewer
// than a hundred to look for.
func roundExpiry(expires, now int64) int64 {
	const minute = int64(time.Minute / time.Microsecond)
	left, step := expires-now, int64(0)
	switch {
	case expires == 0 || left > 30*24*60*minute:
		return never
	case left > 24*60*minute:
		step = 24 * 60 * minute
	case left > 120*minute:
		step = 60 * minute
	default:
		step = 5 * minute
	}
	return expires / step * step
}

// roundDue is the due time of the wait for a timer set now.
func roundDue(due, now int64) int64 {
	if due-now < farAhead {
		return due
	}
	return (due + coarse - 1) / coarse * coarse
}

// firedFor reports whether a touch's timer is the one that a wait of this due
// time has run out for.
func firedFor(timer time.Time, wait int64) bool {
	late := wait - micros(timer)
	return late >= 0 && late < coarse
}

// alias is the number by which touches know the wait.
func (w *timerGroup) alias() int64 {
	if w.origin != 0 {
		return w.origin
	}
	return w.id
}

// extendTo has a wait of aging touches begin with the last of them that was sent:
// each touch has one of its own instant, and a row for each would cost more
// than the touch.
func (w *timerGroup) extendTo(at int64) {
	if w.due < at {
		w.due = at
	}
}

// groupBuilder gathers the waits that a transaction makes.
type groupBuilder struct {
	t    *tx
	open map[groupKey]*timerGroup
	all  []*timerGroup
}

func newGroupBuilder(t *tx) *groupBuilder {
	return &groupBuilder{t: t, open: map[groupKey]*timerGroup{}}
}

// groupFor gives the wait for a key that has room for one more.
func (ws *groupBuilder) groupFor(k groupKey) (*timerGroup, error) {
	w := ws.open[k]
	if w != nil && len(w.seqs) < touch.MaxBatch {
		return w, nil
	}
	id, err := ws.t.nextID("waits")
	if err != nil {
		return nil, err
	}
	w = &timerGroup{id: id, groupKey: k}
	ws.open[k] = w
	ws.all = append(ws.all, w)
	return w, nil
}

var insertGroups = sqldb.NewInsert("waits", sqldb.Columns[*timerGroup]{
	sqldb.Int("id", func(w *timerGroup) int64 { return w.id }),
	sqldb.Int("origin", func(w *timerGroup) int64 { return w.origin }),
	sqldb.Text("lane", func(w *timerGroup) string { return w.lane }),
	sqldb.Int("priority", func(w *timerGroup) int64 { return int64(w.priority) }),
	sqldb.Int("expires", func(w *timerGroup) int64 { return w.expires }),
	sqldb.Int("due", func(w *timerGroup) int64 { return w.due }),
	sqldb.Int("campaign", func(w *timerGroup) int64 { return w.campaign }),
	sqldb.Int("stage", func(w *timerGroup) int64 { return w.status() }),
	sqldb.Int("segment", func(w *timerGroup) int64 { return w.segment }),
	sqldb.Blob("seqs", func(w *timerGroup) []byte { return wire.PackInts(w.seqs) }),
}, "", "")

// status is where a new wait begins.
func (w *timerGroup) status() int64 {
	if w.segment != 0 {
		return groupInSegment
	}
	return groupWaiting
}

// write stores the waits that have members.
func (ws *groupBuilder) write() {
	ws.all = slices.DeleteFunc(ws.all, func(w *timerGroup) bool { return len(w.seqs) == 0 })
	ws.t.writeGroups(ws.all)
}

func (t *tx) writeGroups(all []*timerGroup) {
	for _, w := range all {
		slices.Sort(w.seqs)
	}
	insert(&t.conn, insertGroups, all)
}

// groupFields are what scanWait reads.
const groupFields = `w.id, w.origin, w.lane, w.priority, w.expires, w.due, w.campaign, w.segment, w.seqs`

func scanGroup(rows sqldb.Rows, more ...any) (*timerGroup, error) {
	w := &timerGroup{}
	var seqs []byte
	dest := append([]any{&w.id, &w.origin, &w.lane, &w.priority, &w.expires, &w.due, &w.campaign, &w.segment, &seqs}, more...)
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	var err error
	w.seqs, err = wire.UnpackInts(seqs)
	return w, err
}

// groupMember is a touch and the wait that it names.
type groupMember struct{ seq, alias int64 }

// members gives the touches of waits that still name them. A touch may stand in
// several of the waits, of which it names one: the others hold void timers.
func (c *conn) members(waits []*timerGroup) (map[groupMember]bool, error) {
	var seqs []int64
	in := map[groupMember]bool{}
	for _, w := range waits {
		seqs = append(seqs, w.seqs...)
		for _, seq := range w.seqs {
			in[groupMember{seq, w.alias()}] = true
		}
	}
	named := map[int64]int64{}
	err := c.each(func(rows sqldb.Rows) error {
		var seq, wait int64
		err := rows.Scan(&seq, &wait)
		named[seq] = wait
		return err
	}, `SELECT seq, wait FROM progress WHERE `+c.in("seq", 1, sqldb.Integer), c.array(seqs))
	for m := range in {
		if wait, moved := named[m.seq]; moved && wait != m.alias {
			delete(in, m)
		}
	}
	return in, err
}
