package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// AcceptAndClaim implements ledger.Intake.
func (s intakeStore) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, h ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	if h.Worker == "" || h.Until.IsZero() {
		return nil, nil, nil, touch.Errorf(touch.Invalid, "", "what is held needs a worker and the end of its lease")
	}
	in, err := s.accept(ctx, touches, &h)
	if err != nil {
		return nil, nil, nil, err
	}
	return in.answers, in.held, in.refs, nil
}

// claim puts a new segment into the worker's hands, with what it means to send.
func (in *acceptTx) claim(s *segment) {
	s.claimed, s.worker, s.until = true, in.hold.Worker, in.hold.Until
	held := &ledger.Segment{Ref: s.ref()}
	for _, l := range in.lines {
		if l.group == nil || l.group.segment != s.id || !in.answers[l.index].New {
			continue
		}
		held.Touches = append(held.Touches, ledger.ClaimedTouch{Touch: l.Touch, Progress: ledger.Progress{
			Seq: l.seq, Version: firstVersion, State: l.State, Leg: l.Leg, Lane: l.Lane, Segment: s.id, Priority: l.Touch.Priority,
		}})
		if intent, ok := in.hold.Intents[l.index]; ok {
			intent.Seq, intent.Version = l.seq, firstVersion
			s.intents = append(s.intents, intent)
		}
	}
	slices.SortFunc(held.Touches, func(a, b ledger.ClaimedTouch) int { return cmp.Compare(a.Progress.Seq, b.Progress.Seq) })
	in.held = append(in.held, held)
}
