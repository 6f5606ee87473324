package ledgertest

import (
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func (k *kit) accept(all ...ledger.NewTouch) []ledger.SegmentRef {
	k.t.Helper()
	answers, refs, err := k.ledger.Intake.Accept(k.ctx, all)
	k.must(err)
	for i, a := range answers {
		if !a.New {
			k.t.Fatalf("touch %d is not new: %+v", i, a)
		}
	}
	return refs
}

// feed puts the due touches of a lane into a segment; there must be want of them.
func (k *kit) feed(lane string, want int) ledger.SegmentRef {
	k.t.Helper()
	ref, n, ok, err := k.ledger.Work.Feed(k.ctx, lane, k.now(), touch.MaxBatch)
	k.must(err)
	if n != want || ok != (want > 0) {
		k.t.Fatalf("fed %d touches (%v), want %d", n, ok, want)
	}
	return ref
}

func (k *kit) claim(ref ledger.SegmentRef) *ledger.Segment {
	k.t.Helper()
	seg, err := k.ledger.Work.Claim(k.ctx, ref, "w1", k.now(), k.now().Add(lease))
	k.must(err)
	return seg
}

// feedAndClaim feeds a segment of want touches and claims it.
func (k *kit) feedAndClaim(lane string, want int) *ledger.Segment {
	k.t.Helper()
	seg := k.claim(k.feed(lane, want))
	if len(seg.Touches) != want {
		k.t.Fatalf("claimed %d touches, want %d", len(seg.Touches), want)
	}
	return seg
}

func (k *kit) intend(seg *ledger.Segment) (dropped []int) {
	k.t.Helper()
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	var intents []ledger.Intent
	for _, c := range seg.Touches {
		intents = append(intents, k.intent(c))
	}
	dropped, err = k.ledger.Work.Intend(k.ctx, seg.Ref, version, intents)
	k.must(err)
	return dropped
}

// deliver feeds the due touches of a lane and applies that they were sent.
func (k *kit) deliver(lane string, want int) *ledger.Segment {
	k.t.Helper()
	seg := k.feedAndClaim(lane, want)
	if dropped := k.intend(seg); len(dropped) > 0 {
		k.t.Fatalf("dropped %v", dropped)
	}
	var all []ledger.Transition
	for _, c := range seg.Touches {
		all = append(all, k.sent(c))
	}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, all))
	return seg
}

func (k *kit) view(n ledger.NewTouch) *ledger.TouchView {
	k.t.Helper()
	v, err := k.ledger.Touches.Get(k.ctx, n.Touch.Caller, n.Touch.ID)
	k.must(err)
	return v
}

// wantState fails unless a touch is in a state and (if given) has had these events.
func (k *kit) wantState(n ledger.NewTouch, want touch.State, kinds ...touch.EventKind) *ledger.TouchView {
	k.t.Helper()
	v := k.view(n)
	var got []touch.EventKind
	for _, e := range v.Events {
		got = append(got, e.Kind)
	}
	if v.Progress.State != want || (kinds != nil && !slices.Equal(got, kinds)) {
		k.t.Fatalf("touch is %s with events %v, want %s with %v", v.Progress.State, got, want, kinds)
	}
	return v
}
