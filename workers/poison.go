package workers

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// isolateFrom is the number of lost workers from which on a segment is worked
// on touch by touch: one of its touches may be poison, and have killed them.
// The first loss is taken for the machine's fault.
func (d *Deliverer) isolateFrom() int { return max(1, d.tuning.MaxCrashes-1) }

// isolate works on a segment that may hold a poison touch. Each touch is
// finished and written before the next one begins. So if one more worker is
// lost, the first touch that is left is the one that it was lost over, and only
// that one becomes a dead letter.
//
// A process isolates one segment at a time. Otherwise a poison touch would, each
// time it kills the process, put the other segment under suspicion too.
func (d *Deliverer) isolate(ctx context.Context, seg *ledger.Segment) error {
	if !d.isolating.TryLock() {
		return errRequeue
	}
	defer d.isolating.Unlock()

	b := newBatch(d.services, seg.Ref)
	rest := seg.Touches
	if seg.Crashes > d.isolateFrom() {
		// sort returns nothing if the touch came to its end all the same.
		for _, j := range b.sort(rest[:1]) {
			b.deadLetter(j)
		}
		if err := b.steps.flush(ctx); err != nil {
			return err
		}
		rest = rest[1:]
	}

	for i := range rest {
		// After an error nothing else begins: a touch that has to wait must
		// stay the first one, too.
		if err := b.finish(ctx, rest[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// deadLetter ends a touch that workers were lost over. If it may have been sent
// it counts as a contact, and keeps its provider: a redrive asks that one.
func (b *batch) deadLetter(j *job) {
	if !j.inFlight() {
		// Release whichever worker's reservation there is.
		b.steps.endWith(j, touch.StateDead, touch.ReasonCrashed, touch.EventDead, j.releaseContact())
		return
	}

	now := b.now()
	tr := b.steps.transition(j, touch.StateDead, b.steps.event(j, touch.EventDead, touch.StateDead, touch.ReasonCrashed))
	tr.Reason = touch.ReasonCrashed
	tr.Provider = j.provider
	tr.Contact = j.unknownContact(now)
	b.steps.add(j, tr, j.commitContact(now, touch.ContactAttempt))
}
