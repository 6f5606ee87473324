package sqlstore

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Apply implements ledger.Work.
func (s workStore) Apply(ctx context.Context, ref ledger.SegmentRef, transitions []ledger.Transition) error {
	return s.apply(ctx, &ref, transitions)
}

// ApplyUnclaimed implements ledger.Work.
func (s workStore) ApplyUnclaimed(ctx context.Context, transitions []ledger.Transition) error {
	return s.apply(ctx, nil, transitions)
}

// apply applies transitions on behalf of a segment; nil is none.
func (s workStore) apply(ctx context.Context, ref *ledger.SegmentRef, transitions []ledger.Transition) error {
	err := s.update(ctx, func(t *tx) error { return applyTransitions(t, ref, transitions) })
	if err != nil {
		return err
	}
	// A receipt can have arrived before the vendor's id that it names: now that
	// the id is stored, such receipts find their touch.
	return s.applyUnmatched(ctx, vendorKeys(transitions), s.now())
}

// applyTransitions applies transitions and takes their touches out of the segment.
func applyTransitions(t *tx, ref *ledger.SegmentRef, transitions []ledger.Transition) error {
	// The query that locks the segment is queued first and read last, so it
	// costs no round trip of its own.
	var segmentID int64
	var lock *segmentLock
	if ref != nil {
		segmentID = ref.Segment
		lock = t.queueSegmentLock(*ref)
	}

	ts := newTransitionSet(t)
	out, stay := map[int64]bool{}, map[int64]bool{}
	for i := range transitions {
		tr := &transitions[i]
		out[tr.Seq] = true
		stay[tr.Seq] = tr.Keep
		ts.add(tr.Seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			return applyFrom(segmentID, cur, *tr)
		})
	}
	if err := ts.apply(); err != nil {
		return err
	}
	t.saveVendorIDs(transitions)
	t.saveDeadLetters(transitions)

	if lock == nil {
		return nil
	}
	seg, err := lock.result()
	if err != nil {
		return err
	}
	seg.remove(out, stay)
	t.saveSegment(seg)
	return nil
}

// applyFrom applies a transition on behalf of a segment. A touch that is in
// another segment by now stays there, and the transition counts as stale: it is
// made from a version that is out of date.
func applyFrom(segment int64, cur ledger.Progress, tr ledger.Transition) (ledger.Progress, []touch.Event) {
	if cur.Segment == 0 || cur.Segment == segment {
		return ledger.Apply(cur, tr)
	}
	elsewhere := cur.Segment
	cur.Segment = 0
	if tr.Version == cur.Version {
		tr.Version = -1
	}
	next, events := ledger.Apply(cur, tr)
	next.Segment = elsewhere
	return next, events
}
