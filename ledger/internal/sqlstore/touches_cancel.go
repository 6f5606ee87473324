package sqlstore

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// cancelTouch returns the change that cancels a touch that is due. One that was
// sent stays sent, and its plan goes no further. One of which it is unknown
// whether it was sent goes on until that is known.
func cancelTouch(
	reason, actor string, now time.Time,
) func(ledger.Progress, *touch.Touch) (ledger.Progress, []touch.Event) {
	return func(cur ledger.Progress, tc *touch.Touch) (ledger.Progress, []touch.Event) {
		switch cur.State {
		case touch.StateSent:
			cur.Version++
			cur.Due = time.Time{}
			return cur, nil
		case touch.StateDue:
			cur.Reason = reason
			next, events := inFinalState(cur, tc, touch.StateCancelled, touch.EventCancelled, now)
			events[0].Actor = actor
			return next, events
		}
		return cur, nil
	}
}

// Cancel implements ledger.Touches.
func (s touchStore) Cancel(
	ctx context.Context, caller string, id touch.ID, actor string, now time.Time,
) (ledger.Progress, error) {
	var after ledger.Progress
	err := s.update(ctx, func(t *tx) (err error) {
		after, err = cancelByID(t, caller, id, actor, now)
		return err
	})
	return after, err
}

func cancelByID(
	t *tx, caller string, id touch.ID, actor string, now time.Time,
) (after ledger.Progress, err error) {
	var seq int64
	ok, err := t.one([]any{&seq}, `SELECT t.seq FROM touches t JOIN campaigns c ON c.no = t.campaign
		WHERE t.id = $1 AND (c.caller = $2 OR $2 = '')`, id[:], caller)
	if err != nil {
		return after, err
	}
	if !ok {
		return after, notFound("this touch")
	}
	seg, err := lockTimerOrSegment(t, seq)
	if err != nil {
		return after, err
	}
	touches, err := t.touches([]int64{seq})
	if err != nil {
		return after, err
	}

	var before ledger.Progress
	ts := newTransitionSet(t)
	ts.add(seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
		before = cur
		after = cur
		inOtherSegment := cur.Segment != 0 && (seg == nil || seg.id != cur.Segment)
		if cur.State != touch.StateDue || inOtherSegment {
			return cur, nil
		}
		cur.Segment = 0
		var events []touch.Event
		after, events = cancelTouch("", actor, now)(cur, touches[seq])
		return after, events
	})
	if err := ts.apply(); err != nil {
		return after, err
	}
	if after.Version == before.Version {
		if before.State == touch.StateDue {
			return after, errConflict // it went into a segment after the lock was asked for
		}
		return after, conflict("this touch is " + string(before.State) + " and can no longer be cancelled")
	}

	if seg != nil {
		seg.remove(map[int64]bool{seq: true}, nil)
		t.saveSegment(seg)
	}
	return after, nil
}

// lockTimerOrSegment locks the timer group that a touch is in, or its segment,
// so that nobody feeds or intends the touch before the transaction ends. It
// returns the segment, nil for none; class Conflict when an intent to send the
// touch is stored.
func lockTimerOrSegment(t *tx, seq int64) (*segment, error) {
	group, err := t.groupOf(seq)
	if err != nil || group == nil {
		return nil, err
	}
	if group.segment == 0 {
		var segment int64
		ok, err := t.one([]any{&segment}, `SELECT segment FROM waits WHERE id = $1`+t.core.db.ForUpdate(), group.id)
		if err == nil && (!ok || segment != 0) {
			return nil, errConflict // it was fed before it was locked
		}
		return nil, err
	}

	var epoch int64
	ok, err := t.one([]any{&epoch}, `SELECT epoch FROM segments WHERE id = $1`+t.core.db.ForUpdate(), group.segment)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errConflict
	}
	seg, err := t.lockSegment(ledger.SegmentRef{Segment: group.segment, Epoch: epoch})
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(seg.intents, func(i ledger.Intent) bool { return i.Seq == seq }) {
		return nil, conflict("this touch is being sent")
	}
	return seg, nil
}
