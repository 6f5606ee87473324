package sqlstore

import (
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// step is a pure change of a progress. It may run several times: what it hands
// out must be overwritten each time.
type step func(cur ledger.Progress) (ledger.Progress, []touch.Event)

// move is all that one transaction does to one touch.
type move struct {
	seq   int64
	steps []step

	row    *row // as it was
	next   ledger.Progress
	events []touch.Event
	wait   *wait // the new one that it enters, if it does
	name   int64 // of the wait that it is in afterwards
	record *record
}

// moves is what one transaction does to touches, by number.
type moves struct {
	t     *tx
	bySeq map[int64]*move
	waits *waiting
}

func newMoves(t *tx) *moves {
	return &moves{t: t, bySeq: map[int64]*move{}, waits: newWaiting(t)}
}

func (ms *moves) add(seq int64, s step) {
	m := ms.bySeq[seq]
	if m == nil {
		m = &move{seq: seq}
		ms.bySeq[seq] = m
	}
	m.steps = append(m.steps, s)
}

// run applies the steps and stores what came of them. A touch that another
// transaction moved for the first time meanwhile is read again (it is locked
// by then) and its steps run on what it has become.
func (ms *moves) run() error {
	todo := make([]*move, 0, len(ms.bySeq))
	for _, m := range ms.bySeq {
		todo = append(todo, m)
	}
	slices.SortFunc(todo, func(a, b *move) int { return int(a.seq - b.seq) })
	all := todo
	for round := 0; len(todo) > 0; round++ {
		if round > 2 {
			return errConflict
		}
		changed, err := ms.compute(todo, round > 0)
		if err != nil {
			return err
		}
		if todo, err = ms.store(changed); err != nil {
			return err
		}
	}
	for _, m := range all {
		if m.row == nil || m.next.Version == m.row.Version {
			continue
		}
		if len(m.events) > 0 {
			m.record.add(m.events)
		}
		if m.row.State != m.next.State || m.row.Reason != m.next.Reason {
			ms.t.count(countKey{m.row.campaign, m.row.State, m.row.Reason}, -1)
			ms.t.count(countKey{m.row.campaign, m.next.State, m.next.Reason}, 1)
		}
		if m.wait != nil {
			m.wait.seqs = append(m.wait.seqs, m.seq)
		}
	}
	ms.waits.write()
	return nil
}

// compute runs the steps and gives the moves that changed something. The rows
// need no lock at first: store writes none that has moved since it was read.
func (ms *moves) compute(todo []*move, lock bool) (changed []*move, err error) {
	seqs := make([]int64, len(todo))
	for i, m := range todo {
		seqs[i] = m.seq
	}
	rows, err := ms.t.load(seqs, lock)
	if err != nil {
		return nil, err
	}
	for _, m := range todo {
		m.row, m.events, m.wait, m.record = rows[m.seq], nil, nil, nil
		if m.row == nil {
			continue
		}
		m.next = m.row.Progress
		for _, s := range m.steps {
			next, events := s(m.next)
			m.next, m.events = next, append(m.events, events...)
		}
		if m.next.Version == m.row.Version {
			continue
		}
		m.next.Version = m.row.Version + 1
		if err := ms.settleIn(m); err != nil {
			return nil, err
		}
		changed = append(changed, m)
	}
	return changed, nil
}

// settleIn finds the wait that the touch is in after the move, and the record
// that its events go to.
func (ms *moves) settleIn(m *move) (err error) {
	if len(m.events) > 0 {
		if m.record, err = ms.t.reserve(len(m.events)); err != nil {
			return err
		}
	}
	before, next := &m.row.Progress, &m.next
	var sent int64
	m.name = 0
	if next.Segment != 0 {
		m.name = m.row.wait
		return nil
	}
	now := micros(ms.t.core.now())
	key := waitKey{
		lane: next.Lane, priority: next.Priority, expires: soonest(m.row.expires, now),
		due: shared(micros(next.Due), now), campaign: m.row.campaign,
	}
	same := before.Segment == 0 && m.row.wait != 0 && before.Due.Equal(next.Due)
	switch {
	case !next.Due.IsZero():
		same = same && before.Lane == next.Lane
	case next.State == touch.Due:
		// It must not be lost: what waits for nothing is due at once.
		next.Due = ms.t.core.now().UTC()
		key.due, same = micros(next.Due), false
	case next.State == touch.Sent || next.State == touch.Unknown:
		sent = ms.t.sentAt(next)
		key = waitKey{lane: laneAging, expires: never, due: sent / aging, campaign: m.row.campaign}
		same = same && !before.State.Final() && before.State != touch.Due
	default:
		return nil
	}
	if same {
		m.name = m.row.wait
		return nil
	}
	if m.wait, err = ms.waits.room(key); err != nil {
		return err
	}
	if sent != 0 {
		m.wait.sentBy(sent)
	}
	m.name = m.wait.id
	return nil
}

var progressWrites = sqldb.Columns[*move]{
	sqldb.Int("seq", func(m *move) int64 { return m.seq }),
	sqldb.Int("version", func(m *move) int64 { return m.next.Version }),
	sqldb.Text("state", func(m *move) string { return string(m.next.State) }),
	sqldb.Text("reason", func(m *move) string { return m.next.Reason }),
	sqldb.Int("leg", func(m *move) int64 { return int64(m.next.Leg) }),
	sqldb.Int("attempts", func(m *move) int64 { return int64(m.next.Attempts) }),
	sqldb.Int("due", func(m *move) int64 { return micros(m.next.Due) }),
	sqldb.Text("lane", func(m *move) string { return m.next.Lane }),
	sqldb.Int("wait", func(m *move) int64 { return m.name }),
	sqldb.Text("provider", func(m *move) string { return m.next.Provider }),
	sqldb.Blob("contacts", func(m *move) []byte { return packContacts(m.next.Contacts) }),
	sqldb.Blob("trail", func(m *move) []byte { return packNumbers(m.trail()) }),
}

var insertProgress = sqldb.NewInsert("progress", progressWrites,
	"(seq) DO UPDATE SET "+progressWrites.Excluded("seq")+" WHERE progress.version = excluded.version - 1", "seq")

// store writes the new progress of touches whose version is still the one
// read, and gives the moves that came too late.
func (ms *moves) store(changed []*move) (late []*move, err error) {
	hits, err := insertNew(&ms.t.conn, insertProgress, changed)
	if err != nil {
		return nil, err
	}
	for i, m := range changed {
		if !hits[i] {
			late = append(late, m)
		}
	}
	return late, nil
}

// trail is the row's trail with the record of the move.
func (m *move) trail() []int64 {
	trail := m.row.trail
	if m.record == nil || slices.Contains(trail, m.record.id) || m.record.id == m.row.record {
		return trail
	}
	return append(slices.Clone(trail), m.record.id)
}

// sentAt is when a touch was last sent: now when that is not known.
func (t *tx) sentAt(p *ledger.Progress) int64 {
	var last time.Time
	for _, c := range p.Contacts {
		if c.At.After(last) {
			last = c.At
		}
	}
	if last.IsZero() {
		last = t.core.now()
	}
	return micros(last)
}
