package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testReclaimAll: a process that starts reclaims every segment, however long its
// lease. If it is killed before it can claim one, the next process reclaims it
// again.
func testReclaimAll(k *kit) {
	k.accept(k.touch())
	seg := k.feedAndClaim(bulk, 1)
	for epoch := seg.Ref.Epoch + 1; epoch < seg.Ref.Epoch+3; epoch++ {
		k.advance(time.Second)
		refs, err := k.ledger.Recovery.ReclaimAll(k.ctx, k.now(), 10)
		k.must(err)
		if len(refs) != 1 || refs[0].Epoch != epoch {
			k.t.Fatalf("reclaimed %+v, want epoch %d", refs, epoch)
		}
	}
}

func testReclaimExpired(k *kit) {
	n := k.touch()
	k.accept(n, k.touch())
	seg := k.feedAndClaim(bulk, 2)
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	first := k.intent(seg.Touches[0])
	_, err = k.ledger.Work.Intend(k.ctx, seg.Ref, version, []ledger.Intent{first})
	k.must(err)
	if refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10); err != nil || len(refs) > 0 {
		k.t.Fatal(refs, err)
	}
	k.advance(2 * lease)
	refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	if len(refs) != 1 || refs[0].Segment != seg.Ref.Segment || refs[0].Epoch != seg.Ref.Epoch+1 || refs[0].Lane != bulk {
		k.t.Fatalf("reclaimed %+v", refs)
	}
	// The worker that lost the segment can do nothing more with it.
	k.wantClass(touch.Conflict, k.ledger.Work.Renew(k.ctx, seg.Ref, "w1", k.now().Add(lease)))
	_, err = k.ledger.Work.Intend(k.ctx, seg.Ref, version, []ledger.Intent{first})
	k.wantClass(touch.Conflict, err)
	k.wantClass(touch.Conflict, k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[1])}))
	_, err = k.ledger.Work.Claim(k.ctx, seg.Ref, "w1", k.now(), k.now().Add(lease))
	k.wantClass(touch.Conflict, err)
	if refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-time.Second), 10); err != nil || len(refs) > 0 {
		k.t.Fatal("reclaimed twice", refs, err)
	}
	again := k.claim(refs[0])
	if again.Crashes != 1 || len(again.Touches) != 2 {
		k.t.Fatalf("%+v", again)
	}
	k.wantEqual(again.Touches[0].Intent, first)
	if again.Touches[1].Intent != nil {
		k.t.Fatal("the second touch has an intent that nobody recorded")
	}
	// The touch that may have been sent cannot be cancelled.
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.wantClass(touch.Conflict, err)
	k.must(k.ledger.Work.Apply(k.ctx, again.Ref, []ledger.Transition{k.sent(again.Touches[0]), k.retry(again.Touches[1], k.now())}))
	k.feedAndClaim(bulk, 1)
}

func testReclaimUnclaimed(k *kit) {
	k.accept(k.touch())
	ref := k.feed(bulk, 1)
	if refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10); err != nil || len(refs) > 0 {
		k.t.Fatal(refs, err)
	}
	k.advance(time.Second)
	refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	k.wantEqual(refs, []ledger.SegmentRef{{Segment: ref.Segment, Epoch: ref.Epoch + 1, Lane: bulk}})
	if seg := k.claim(refs[0]); seg.Crashes != 0 {
		k.t.Fatal("nobody crashed")
	}
}
