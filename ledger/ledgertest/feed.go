package ledgertest

import (
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testFeedOrder(k *kit) {
	at := func(priority int, after time.Duration) ledger.NewTouch {
		return k.touch(func(n *ledger.NewTouch) { n.Touch.Priority, n.Due = priority, k.now().Add(after) })
	}
	low := at(0, 0)
	late := at(5, 2*time.Second)
	early := at(5, time.Second)
	high := at(9, 3*time.Second)
	future := at(9, time.Hour)
	k.accept(low, late, early, high, future)
	k.advance(time.Minute)
	for _, want := range []ledger.NewTouch{high, early, late, low} {
		ref, n, ok, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 1)
		k.must(err)
		if n != 1 || !ok {
			k.t.Fatal(n, ok)
		}
		if seg := k.claim(ref); seg.Touches[0].Touch.ID != want.Touch.ID {
			k.t.Fatalf("fed %+v, want %+v", seg.Touches[0].Touch, want.Touch)
		}
	}
	k.feed(bulk, 0)
	if p := k.view(future).Progress; !p.Due.Equal(future.Due) {
		k.t.Fatalf("the future touch is due at %s, want %s", p.Due, future.Due)
	}
	k.advance(59*time.Minute - time.Microsecond)
	k.feed(bulk, 0)
	k.advance(time.Microsecond)
	k.feed(bulk, 1)
	if p := k.view(future).Progress; !p.Due.IsZero() {
		k.t.Fatalf("a touch in a segment has a timer at %s", p.Due)
	}
}

// testFeedExpiresFirst: of touches with equal priority the one that expires
// first is fed first, even if it is due later, was accepted later or was
// retried meanwhile. A higher priority still goes before it.
func testFeedExpiresFirst(k *kit) {
	until := func(priority int, left time.Duration) ledger.NewTouch {
		return k.touch(func(n *ledger.NewTouch) {
			n.Touch.Priority = priority
			if left > 0 {
				at := k.now().Add(left)
				n.Touch.ExpiresAt = &at
			}
		})
	}
	ever := until(5, 0)
	month := until(5, 60*24*time.Hour)
	days := until(5, 50*time.Hour)
	soon := until(5, 30*time.Minute)
	k.accept(ever, days, month, soon)
	k.advance(time.Minute)
	today := until(5, 5*time.Hour)
	low := until(4, 10*time.Minute)
	high := until(6, 0)
	k.accept(today, low, high)
	next := func(want ledger.NewTouch) *ledger.Segment {
		ref, _, _, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 1)
		k.must(err)
		seg := k.claim(ref)
		if seg.Touches[0].Touch.ID != want.Touch.ID {
			k.t.Fatalf("fed %+v, want %+v", seg.Touches[0].Touch, want.Touch)
		}
		return seg
	}
	next(high)
	back := next(soon)
	k.must(k.ledger.Work.Apply(k.ctx, back.Ref, []ledger.Transition{k.retry(back.Touches[0], k.now().Add(time.Second))}))
	next(today)
	k.advance(time.Second)
	for _, want := range []ledger.NewTouch{soon, days, ever, month, low} {
		next(want)
	}
	k.feed(bulk, 0)
}

// testFeedSplits: segments that are smaller or larger than a group of timers.
func testFeedSplits(k *kit) {
	k.accept(k.touches(10)...)
	k.accept(k.touches(5, func(n *ledger.NewTouch) { n.Touch.Campaign = "other" })...)
	seen := map[int64]bool{}
	var segs []*ledger.Segment
	for _, want := range []int{4, 4, 4, 3} {
		ref, n, _, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 4)
		k.must(err)
		seg := k.claim(ref)
		if n != want || len(seg.Touches) != want {
			k.t.Fatalf("fed %d, claimed %d, want %d", n, len(seg.Touches), want)
		}
		for _, c := range seg.Touches {
			if seen[c.Progress.Seq] {
				k.t.Fatal("a touch was fed twice")
			}
			seen[c.Progress.Seq] = true
			if c.Progress.Segment != ref.Segment {
				k.t.Fatalf("in segment %d, want %d", c.Progress.Segment, ref.Segment)
			}
		}
		segs = append(segs, seg)
	}
	k.feed(bulk, 0)
	// A later segment can end before an earlier one, and one touch of it can be
	// cancelled.
	slices.Reverse(segs)
	for i, seg := range segs {
		_, err := k.ledger.Touches.Cancel(k.ctx, "acme", seg.Touches[0].Touch.ID, "me", k.now())
		k.must(err)
		var all []ledger.Transition
		for _, c := range seg.Touches[1:] {
			all = append(all, k.sent(c))
		}
		k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, all))
		if open, err := k.ledger.Work.OpenSegments(k.ctx, bulk); err != nil || open != len(segs)-1-i {
			k.t.Fatal(open, err)
		}
	}
	k.wantCounts()
}

func testFeedNothing(k *kit) {
	k.feed("no.lane", 0)
	if open, err := k.ledger.Work.OpenSegments(k.ctx, "no.lane"); err != nil || open != 0 {
		k.t.Fatal(open, err)
	}
}

// testFeedAfterMove: of several timers of a touch only the last one counts.
func testFeedAfterMove(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.feedAndClaim(bulk, 1)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.retry(seg.Touches[0], k.now().Add(time.Minute))}))
	v := k.wantState(n, touch.StateDue, touch.EventAccepted, touch.EventRetry)
	// It is moved to a later time from outside its segment: the first timer is void.
	tr := k.retry(ledger.ClaimedTouch{Touch: v.Touch, Progress: v.Progress}, k.now().Add(2*time.Minute))
	k.must(k.ledger.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	k.advance(time.Minute)
	k.feed(bulk, 0)
	k.advance(time.Minute)
	seg = k.feedAndClaim(bulk, 1)
	if p := seg.Touches[0].Progress; p.Attempts != 2 || !p.Due.IsZero() {
		k.t.Fatalf("%+v", p)
	}
}

// testFeedVoidTimerLast: a touch is fed although its void timer fires after the
// valid one, both before the feeder looks.
func testFeedVoidTimerLast(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.feedAndClaim(bulk, 1)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.retry(seg.Touches[0], k.now().Add(2*time.Minute))}))
	v := k.view(n)
	tr := k.retry(ledger.ClaimedTouch{Touch: v.Touch, Progress: v.Progress}, k.now().Add(time.Minute))
	k.must(k.ledger.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	k.advance(3 * time.Minute)
	k.feedAndClaim(bulk, 1)
	k.feed(bulk, 0)
}
