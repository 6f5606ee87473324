package sqlstore

import (
	"math"
	"slices"
	"time"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// The stages of a wait.
const (
	stageWaiting = iota // for its time
	stageParked         // its campaign does not run
	stageTaken          // in a segment
)

// laneAging is the lane of touches that were sent and wait, without a timer,
// for a receipt that may never come; their due time is when they were sent.
const laneAging = ""

// aging is the span within which sent touches age together.
const aging = int64(time.Minute / time.Microsecond)

// waitKey is what the touches of one wait have in common.
type waitKey struct {
	lane     string
	priority int
	expires  int64 // see soonest
	due      int64
	campaign int64
	segment  int64 // not 0: taken at once
}

// wait is a group of touches that wait together. One that was split off
// another, to fill a segment, names it as its origin: touches name the origin.
type wait struct {
	id, origin int64
	waitKey
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

// soonest is how the waits tell expiries apart, rounded down: within two hours
// to five minutes, within a day to the hour, then to the day. So touches still
// share waits, and the feeder, which looks for each of them once, has fewer
// than a hundred to look for.
func soonest(expires, now int64) int64 {
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

// shared is the due time of the wait for a timer set now.
func shared(due, now int64) int64 {
	if due-now < farAhead {
		return due
	}
	return (due + coarse - 1) / coarse * coarse
}

// ranOut reports whether a touch's timer is the one that a wait of this due
// time has run out for.
func ranOut(timer time.Time, wait int64) bool {
	late := wait - micros(timer)
	return late >= 0 && late < coarse
}

// name is the number by which touches know the wait.
func (w *wait) name() int64 {
	if w.origin != 0 {
		return w.origin
	}
	return w.id
}

// sentBy has a wait of aging touches begin with the last of them that was sent:
// each touch has one of its own instant, and a row for each would cost more
// than the touch.
func (w *wait) sentBy(at int64) {
	if w.due < at {
		w.due = at
	}
}

// waiting gathers the waits that a transaction makes.
type waiting struct {
	t    *tx
	open map[waitKey]*wait
	all  []*wait
}

func newWaiting(t *tx) *waiting { return &waiting{t: t, open: map[waitKey]*wait{}} }

// room gives the wait for a key that has room for one more.
func (ws *waiting) room(k waitKey) (*wait, error) {
	w := ws.open[k]
	if w != nil && len(w.seqs) < touch.MaxBatch {
		return w, nil
	}
	id, err := ws.t.nextID("waits")
	if err != nil {
		return nil, err
	}
	w = &wait{id: id, waitKey: k}
	ws.open[k] = w
	ws.all = append(ws.all, w)
	return w, nil
}

var insertWaits = sqldb.NewInsert("waits", sqldb.Columns[*wait]{
	sqldb.Int("id", func(w *wait) int64 { return w.id }),
	sqldb.Int("origin", func(w *wait) int64 { return w.origin }),
	sqldb.Text("lane", func(w *wait) string { return w.lane }),
	sqldb.Int("priority", func(w *wait) int64 { return int64(w.priority) }),
	sqldb.Int("expires", func(w *wait) int64 { return w.expires }),
	sqldb.Int("due", func(w *wait) int64 { return w.due }),
	sqldb.Int("campaign", func(w *wait) int64 { return w.campaign }),
	sqldb.Int("stage", func(w *wait) int64 { return w.stage() }),
	sqldb.Int("segment", func(w *wait) int64 { return w.segment }),
	sqldb.Blob("seqs", func(w *wait) []byte { return packNumbers(w.seqs) }),
}, "", "")

// stage is where a new wait begins.
func (w *wait) stage() int64 {
	if w.segment != 0 {
		return stageTaken
	}
	return stageWaiting
}

// write stores the waits that have members.
func (ws *waiting) write() {
	ws.all = slices.DeleteFunc(ws.all, func(w *wait) bool { return len(w.seqs) == 0 })
	ws.t.insertWaits(ws.all)
}

func (t *tx) insertWaits(all []*wait) {
	for _, w := range all {
		slices.Sort(w.seqs)
	}
	insert(&t.conn, insertWaits, all)
}

// waitColumns are what scanWait reads.
const waitColumns = `w.id, w.origin, w.lane, w.priority, w.expires, w.due, w.campaign, w.segment, w.seqs`

func scanWait(rows sqldb.Rows, more ...any) (*wait, error) {
	w := &wait{}
	var seqs []byte
	dest := append([]any{&w.id, &w.origin, &w.lane, &w.priority, &w.expires, &w.due, &w.campaign, &w.segment, &seqs}, more...)
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	var err error
	w.seqs, err = unpackNumbers(seqs)
	return w, err
}

// member is a touch and the wait that it names.
type member struct{ seq, wait int64 }

// members gives the touches of waits that still name them. A touch may stand in
// several of the waits, of which it names one: the others hold void timers.
func (c *conn) members(waits []*wait) (map[member]bool, error) {
	var seqs []int64
	in := map[member]bool{}
	for _, w := range waits {
		seqs = append(seqs, w.seqs...)
		for _, seq := range w.seqs {
			in[member{seq, w.name()}] = true
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
		if wait, moved := named[m.seq]; moved && wait != m.wait {
			delete(in, m)
		}
	}
	return in, err
}
