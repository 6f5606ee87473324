package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// AcceptAndClaim implements ledger.Intake.
func (s intakeStore) AcceptAndClaim(
	ctx context.Context, touches []ledger.NewTouch, claim ledger.Claim,
) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	if claim.Worker == "" || claim.Until.IsZero() {
		return nil, nil, nil, touch.Errorf(touch.Invalid, "", "a claim needs a worker and the end of its lease")
	}
	in, err := s.accept(ctx, touches, &claim)
	if err != nil {
		return nil, nil, nil, err
	}
	return in.answers, in.claimed, in.refs, nil
}

// segmentOf returns the new segment for the urgent touches of a lane. There is
// one for each lane of the batch.
func (in *acceptTx) segmentOf(lane string) (*segment, error) {
	if s := in.segments[lane]; s != nil {
		return s, nil
	}
	id, err := in.t.nextID("segments")
	if err != nil {
		return nil, err
	}
	s := &segment{id: id, lane: lane, epoch: 1}
	in.segments[lane] = s
	in.lanes = append(in.lanes, lane)
	return s, nil
}

// writeSegments stores the new segments that have touches, and returns each
// either as claimed or, for the queue, by its reference.
func (in *acceptTx) writeSegments() {
	for _, g := range in.groups.all {
		if g.segment != 0 {
			in.segments[g.lane].addGroup(g, g.seqs)
		}
	}
	for _, lane := range in.lanes {
		s := in.segments[lane]
		if len(s.seqs) == 0 {
			continue
		}
		if in.claim != nil && slices.Contains(in.claim.Lanes, lane) {
			in.claimed = append(in.claimed, in.claimSegment(s))
		} else {
			in.refs = append(in.refs, s.ref())
		}
		in.t.insertSegment(s)
	}
}

// claimSegment claims a new segment for the worker, with its intents, and returns what
// the worker gets: the segment as Claim and Intend would have left it.
func (in *acceptTx) claimSegment(s *segment) *ledger.Segment {
	s.claimed = true
	s.worker = in.claim.Worker
	s.until = in.claim.Until

	claimed := &ledger.Segment{Ref: s.ref()}
	for _, row := range in.rows {
		if row.group == nil || row.group.segment != s.id || !in.answers[row.index].New {
			continue
		}
		claimed.Touches = append(claimed.Touches, ledger.ClaimedTouch{Touch: row.Touch, Progress: ledger.Progress{
			Seq: row.seq, Version: firstVersion, State: row.State, Leg: row.Leg, Lane: row.Lane, Segment: s.id,
			Priority: row.Touch.Priority,
		}})
		if intent, ok := in.claim.Intents[row.index]; ok {
			intent.Seq = row.seq
			intent.Version = firstVersion
			s.intents = append(s.intents, intent)
		}
	}
	slices.SortFunc(claimed.Touches, func(a, b ledger.ClaimedTouch) int {
		return cmp.Compare(a.Progress.Seq, b.Progress.Seq)
	})
	return claimed
}

// claimedCampaigns are the numbers of the campaigns of what is about to be sent.
func (in *acceptTx) claimedCampaigns() ([]int64, error) {
	nos := make([]int64, 0, len(in.claim.Intents))
	for i := range in.claim.Intents {
		t := &in.touches[i].Touch
		nos = append(nos, in.campaigns[ledger.CampaignRef{Caller: t.Caller, Campaign: t.Campaign}])
	}
	return nos, nil
}
