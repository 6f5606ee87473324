package workers

import (
	"context"
	"errors"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// reasonCrashed is why a touch was put aside.
const reasonCrashed = "crashed_workers"

// errRequeue has a segment given back, to be brought again by the reconciler.
var errRequeue = errors.New("workers: this segment has to wait")

// suspectFrom is the number of lost workers from which on a segment is not
// worked on as a whole: one of its touches may have killed them. The first of
// them was the machine's fault until shown otherwise.
func (d *Deliverer) suspectFrom() int { return max(1, d.o.Tuning.MaxCrashes-1) }

// isolate works on a suspected segment, each touch settled before the next
// begins: if one more worker is lost, the first touch left is the one that it
// was lost over, and that one alone is put aside. No two suspected segments
// are in work in one process, so that a killer doesn't bring others into
// suspicion over and over.
func (d *Deliverer) isolate(ctx context.Context, seg *ledger.Segment) error {
	if !d.isolating.TryLock() {
		return errRequeue
	}
	defer d.isolating.Unlock()
	b := &batch{d: d, seg: seg}
	rest := seg.Touches
	if seg.Crashes > d.suspectFrom() {
		for _, j := range b.sort(rest[:1]) { // none, if it came to its end all the same
			b.deadLetter(j)
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		rest = rest[1:]
	}
	for i := range rest {
		if err := b.finish(ctx, rest[i:i+1]); err != nil {
			return err // what is awaited must stay the first, too
		}
	}
	return nil
}

// finish takes touches as far as they go and settles them.
func (b *batch) finish(ctx context.Context, touches []ledger.ClaimedTouch) error {
	jobs := b.sort(touches)
	slices.SortStableFunc(jobs, byPriority)
	return b.conclude(ctx, b.run(ctx, jobs))
}

// conclude settles what has come of a run, also of one that failed.
func (b *batch) conclude(ctx context.Context, err error) error {
	if err != nil {
		// What is settled stays settled; the rest goes back to the queue's
		// next try under this lease, or to the reconciler after it.
		return errors.Join(err, b.flush(ctx))
	}
	if err := b.flush(ctx); err != nil {
		return err
	}
	if b.waiting {
		return errRequeue
	}
	return nil
}

// deadLetter ends a touch that workers were lost over. If it may have been sent
// it counts as sent by now, and its provider is kept: whoever redrives it asks.
func (b *batch) deadLetter(j *job) {
	if !j.inFlight() { // the place is of whichever worker took one
		b.endWith(j, touch.StateDead, reasonCrashed, touch.EventDead, b.releaseContact(j))
		return
	}
	now := b.d.o.Now()
	j.dispatch.ID = touch.DispatchID(j.touch().ID, j.leg)
	tr := b.transition(j, touch.StateDead, b.event(j, touch.EventDead, touch.StateDead, reasonCrashed))
	tr.Reason, tr.Provider = reasonCrashed, j.provider
	tr.Contact = &ledger.Contact{Leg: j.leg, Channel: j.plan().Channel, At: now}
	b.add(j, tr, b.commit(j, now, ledger.ContactAttempt))
}
