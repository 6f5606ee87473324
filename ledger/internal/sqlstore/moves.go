package sqlstore

import (
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// change is a pure change of a progress. It may run several times: what it hands
// out must be overwritten each time.
type change func(cur ledger.Progress) (ledger.Progress, []touch.Event)

// transition is all that one transaction does to one touch.
type transition struct {
	seq     int64
	changes []change

	before *progressRow // as it was
	next   ledger.Progress
	events []touch.Event
	group  *timerGroup // the new one that it enters, if it does
	alias  int64       // of the wait that it is in afterwards
	record *record
}

// transitionSet is what one transaction does to touches, by number.
type transitionSet struct {
	t      *tx
	bySeq  map[int64]*transition
	groups *groupBuilder
}

func newTransitionSet(t *tx) *transitionSet {
	return &transitionSet{t: t, bySeq: map[int64]*transition{}, groups: newGroupBuilder(t)}
}

func (ms *transitionSet) add(seq int64, s change) {
	m := ms.bySeq[seq]
	if m == nil {
		m = &transition{seq: seq}
		ms.bySeq[seq] = m
	}
	m.changes = append(m.changes, s)
}

// run applies the steps and stores what came of them. A touch that another
// transaction moved for the first time meanwhile is read again (it is locked
// by then) and its steps run on what it has become.
func (ms *transitionSet) run() error {
	todo := make([]*transition, 0, len(ms.bySeq))
	for _, m := range ms.bySeq {
		todo = append(todo, m)
	}
	slices.SortFunc(todo, func(a, b *transition) int { return int(a.seq - b.seq) })
	all := todo
	for round := 0; len(todo) > 0; round++ {
		if round > 2 {
			return errConflict
		}
		changed, err := ms.compute(todo, round > 0)
		if err != nil {
			return err
		}
		if todo, err = ms.save(changed); err != nil {
			return err
		}
	}
	for _, m := range all {
		if m.before == nil || m.next.Version == m.before.Version {
			continue
		}
		if len(m.events) > 0 {
			m.record.add(m.events)
		}
		if m.before.State != m.next.State || m.before.Reason != m.next.Reason {
			ms.t.count(countKey{m.before.campaign, m.before.State, m.before.Reason}, -1)
			ms.t.count(countKey{m.before.campaign, m.next.State, m.next.Reason}, 1)
		}
		if m.group != nil {
			m.group.seqs = append(m.group.seqs, m.seq)
		}
	}
	ms.groups.write()
	return nil
}

// compute runs the steps and gives the moves that changed something. The rows
// need no lock at first: store writes none that has moved since it was read.
func (ms *transitionSet) compute(todo []*transition, lock bool) (changed []*transition, err error) {
	seqs := make([]int64, len(todo))
	for i, m := range todo {
		seqs[i] = m.seq
	}
	rows, err := ms.t.load(seqs, lock)
	if err != nil {
		return nil, err
	}
	for _, m := range todo {
		m.before, m.events, m.group, m.record = rows[m.seq], nil, nil, nil
		if m.before == nil {
			continue
		}
		m.next = m.before.Progress
		for _, s := range m.changes {
			next, events := s(m.next)
			m.next, m.events = next, append(m.events, events...)
		}
		if m.next.Version == m.before.Version {
			continue
		}
		m.next.Version = m.before.Version + 1
		if err := ms.assignTimer(m); err != nil {
			return nil, err
		}
		changed = append(changed, m)
	}
	return changed, nil
}

// assignTimer finds the wait that the touch is in after the move, and the record
// that its events go to.
func (ms *transitionSet) assignTimer(m *transition) (err error) {
	if len(m.events) > 0 {
		if m.record, err = ms.t.reserve(len(m.events)); err != nil {
			return err
		}
	}
	before, next := &m.before.Progress, &m.next
	var sent int64
	m.alias = 0
	if next.Segment != 0 {
		m.alias = m.before.alias
		return nil
	}
	now := micros(ms.t.core.now())
	key := groupKey{
		lane: next.Lane, priority: next.Priority, expires: roundExpiry(m.before.expires, now),
		due: roundDue(micros(next.Due), now), campaign: m.before.campaign,
	}
	same := before.Segment == 0 && m.before.alias != 0 && before.Due.Equal(next.Due)
	switch {
	case !next.Due.IsZero():
		same = same && before.Lane == next.Lane
	case next.State == touch.StateDue:
		// It must not be lost: what waits for nothing is due at once.
		next.Due = ms.t.core.now().UTC()
		key.due, same = micros(next.Due), false
	case next.State == touch.StateSent || next.State == touch.StateUnknown:
		sent = ms.t.sentAt(next)
		key = groupKey{lane: laneAging, expires: never, due: sent / aging, campaign: m.before.campaign}
		same = same && !before.State.Final() && before.State != touch.StateDue
	default:
		return nil
	}
	if same {
		m.alias = m.before.alias
		return nil
	}
	if m.group, err = ms.groups.groupFor(key); err != nil {
		return err
	}
	if sent != 0 {
		m.group.extendTo(sent)
	}
	m.alias = m.group.id
	return nil
}

var progressColumns2 = sqldb.Columns[*transition]{
	sqldb.Int("seq", func(m *transition) int64 { return m.seq }),
	sqldb.Int("version", func(m *transition) int64 { return m.next.Version }),
	sqldb.Text("state", func(m *transition) string { return string(m.next.State) }),
	sqldb.Text("reason", func(m *transition) string { return m.next.Reason }),
	sqldb.Int("leg", func(m *transition) int64 { return int64(m.next.Leg) }),
	sqldb.Int("attempts", func(m *transition) int64 { return int64(m.next.Attempts) }),
	sqldb.Int("due", func(m *transition) int64 { return micros(m.next.Due) }),
	sqldb.Text("lane", func(m *transition) string { return m.next.Lane }),
	sqldb.Int("wait", func(m *transition) int64 { return m.alias }),
	sqldb.Text("provider", func(m *transition) string { return m.next.Provider }),
	sqldb.Blob("contacts", func(m *transition) []byte { return packContacts(m.next.Contacts) }),
	sqldb.Blob("trail", func(m *transition) []byte { return wire.PackInts(m.recordIDs()) }),
}

var insertProgress = sqldb.NewInsert("progress", progressColumns2,
	"(seq) DO UPDATE SET "+progressColumns2.Excluded("seq")+" WHERE progress.version = excluded.version - 1", "seq")

// save writes the new progress of touches whose version is still the one
// read, and gives the moves that came too late.
func (ms *transitionSet) save(changed []*transition) (late []*transition, err error) {
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

// recordIDs is the row's trail with the record of the move.
func (m *transition) recordIDs() []int64 {
	trail := m.before.laterRecords
	if m.record == nil || slices.Contains(trail, m.record.id) || m.record.id == m.before.firstRecord {
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
