package sqlstore

import (
	"cmp"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// change is a pure function that moves a touch on. It may be called several
// times in one transaction, so whatever it sets outside must be overwritten by
// the next call. A change that leaves Version as it is changes nothing.
type change func(cur ledger.Progress) (ledger.Progress, []touch.Event)

// transition is everything that one transaction does to one touch.
type transition struct {
	seq     int64
	changes []change

	before *progressRow // nil: there is no such touch
	next   ledger.Progress
	events []touch.Event
	group  *timerGroup // that the touch enters; nil: it stays where it is, or has no timer
	alias  int64       // of the group that the touch is in afterwards; 0: none
	record *record     // for the events; nil: there are none
}

// unchanged reports whether the touch is left as it was, or does not exist.
func (tr *transition) unchanged() bool {
	return tr.before == nil || tr.next.Version == tr.before.Version
}

// transitionSet is what one transaction does to touches, by their number. Add
// all changes, then call apply once.
type transitionSet struct {
	t      *tx
	bySeq  map[int64]*transition
	groups *groupBuilder
}

func newTransitionSet(t *tx) *transitionSet {
	return &transitionSet{t: t, bySeq: map[int64]*transition{}, groups: newGroupBuilder(t)}
}

// add adds a change of a touch. Changes of the same touch run in this order.
func (ts *transitionSet) add(seq int64, c change) {
	tr := ts.bySeq[seq]
	if tr == nil {
		tr = &transition{seq: seq}
		ts.bySeq[seq] = tr
	}
	tr.changes = append(tr.changes, c)
}

// maxRounds bounds how often apply reads touches that others have changed.
const maxRounds = 3

// apply runs the changes and writes the result: progress, timers, events and
// counts.
func (ts *transitionSet) apply() error {
	all := make([]*transition, 0, len(ts.bySeq))
	for _, tr := range ts.bySeq {
		all = append(all, tr)
	}
	slices.SortFunc(all, func(a, b *transition) int { return cmp.Compare(a.seq, b.seq) })

	// Progress is written under the condition that its version is still the one
	// that was read. Where another transaction was first, the row is locked
	// now; it is read again and the changes run on what it has become.
	todo := all
	for round := 0; len(todo) > 0; round++ {
		if round == maxRounds {
			return errConflict
		}
		changed, err := ts.compute(todo, round > 0)
		if err != nil {
			return err
		}
		if todo, err = ts.save(changed); err != nil {
			return err
		}
	}

	for _, tr := range all {
		if tr.unchanged() {
			continue
		}
		if len(tr.events) > 0 {
			tr.record.add(tr.events)
		}
		ts.countTransition(tr)
		if tr.group != nil {
			tr.group.seqs = append(tr.group.seqs, tr.seq)
		}
	}
	ts.groups.write()
	return nil
}

func (ts *transitionSet) countTransition(tr *transition) {
	from := countKey{tr.before.campaign, tr.before.State, tr.before.Reason}
	to := countKey{tr.before.campaign, tr.next.State, tr.next.Reason}
	if from != to {
		ts.t.count(from, -1)
		ts.t.count(to, 1)
	}
}

// compute runs the changes and returns the transitions that changed something.
// The rows need no lock in the first round, see apply.
func (ts *transitionSet) compute(todo []*transition, lock bool) (changed []*transition, err error) {
	seqs := make([]int64, len(todo))
	for i, tr := range todo {
		seqs[i] = tr.seq
	}
	rows, err := ts.t.load(seqs, lock)
	if err != nil {
		return nil, err
	}

	for _, tr := range todo {
		tr.before = rows[tr.seq]
		tr.events = nil
		tr.group = nil
		tr.record = nil
		if tr.before == nil {
			continue
		}
		tr.next = tr.before.Progress
		for _, c := range tr.changes {
			next, events := c(tr.next)
			tr.next = next
			tr.events = append(tr.events, events...)
		}
		if tr.unchanged() {
			continue
		}
		// Several changes are one step of the version: save relies on it.
		tr.next.Version = tr.before.Version + 1
		if err := ts.reserveRecord(tr); err != nil {
			return nil, err
		}
		if err := ts.assignTimer(tr); err != nil {
			return nil, err
		}
		changed = append(changed, tr)
	}
	return changed, nil
}

// reserveRecord finds the journal's record that the events will go to: the row
// of progress names it, and is written first.
func (ts *transitionSet) reserveRecord(tr *transition) (err error) {
	if len(tr.events) > 0 {
		tr.record, err = ts.t.reserve(len(tr.events))
	}
	return err
}

// assignTimer finds the timer group that the touch is in after the transition:
// none, the one that it was in, or a new one.
func (ts *transitionSet) assignTimer(tr *transition) (err error) {
	before, next := &tr.before.Progress, &tr.next
	tr.alias = 0
	if next.Segment != 0 {
		// It stays in the worker's hands, in the group that brought it there.
		tr.alias = tr.before.alias
		return nil
	}

	now := micros(ts.t.core.now())
	key := groupKey{
		lane: next.Lane, priority: next.Priority, expires: roundExpiry(tr.before.expires, now),
		due: roundDue(micros(next.Due), now), campaign: tr.before.campaign,
	}
	if next.State == touch.StateDue {
		key.hold = next.Hold
	}
	keep := before.Segment == 0 && key.hold == "" && tr.before.alias != 0 && before.Due.Equal(next.Due)
	var sentAt int64
	switch {
	case !next.Due.IsZero():
		keep = keep && before.Lane == next.Lane
	case next.State == touch.StateDue:
		// A touch that is due without a time must not be lost: it is due now.
		next.Due = ts.t.core.now().UTC()
		key.due = micros(next.Due)
		keep = false
	case next.State == touch.StateSent || next.State == touch.StateUnknown:
		// Without a timer it waits for a receipt, and ages.
		sentAt = lastContact(next, ts.t.core.now())
		key = groupKey{lane: laneAging, expires: never, due: sentAt / agingSpan, campaign: tr.before.campaign}
		keep = keep && !before.State.Final() && before.State != touch.StateDue
	default:
		return nil // it is in a final state
	}
	if keep {
		tr.alias = tr.before.alias
		return nil
	}

	if tr.group, err = ts.groups.groupFor(key); err != nil {
		return err
	}
	if sentAt != 0 {
		// Touches of one group were sent within agingSpan; the group is as old
		// as the youngest, so that none of them is given up too early.
		tr.group.due = max(tr.group.due, sentAt)
	}
	tr.alias = tr.group.id
	return nil
}

// lastContact returns when a touch was last sent, in microseconds; now when
// that is not known.
func lastContact(p *ledger.Progress, now time.Time) int64 {
	var last time.Time
	for _, c := range p.Contacts {
		if c.At.After(last) {
			last = c.At
		}
	}
	if last.IsZero() {
		last = now
	}
	return micros(last)
}
