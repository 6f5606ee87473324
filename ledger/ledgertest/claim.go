package ledgertest

import (
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testClaimOnce(k *kit) {
	k.accept(k.touch())
	ref := k.feed(bulk, 1)
	wrong := ref
	wrong.Epoch++
	_, err := k.ledger.Work.Claim(k.ctx, wrong, "w", k.now(), k.now().Add(lease))
	k.wantClass(touch.Conflict, err)
	seg := k.claim(ref)
	for range 2 {
		_, err = k.ledger.Work.Claim(k.ctx, ref, "w2", k.now(), k.now().Add(lease))
		k.wantClass(touch.Conflict, err)
		k.advance(2 * lease) // not even after the lease: only a new epoch locks the first worker out
	}
	k.must(k.ledger.Work.Renew(k.ctx, ref, "w1", k.now().Add(lease)))
	k.wantClass(touch.Conflict, k.ledger.Work.Renew(k.ctx, ref, "w2", k.now().Add(lease)))
	if refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10); err != nil || len(refs) > 0 {
		k.t.Fatal("a leased segment was reclaimed", refs, err)
	}
	k.must(k.ledger.Work.Apply(k.ctx, ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	_, err = k.ledger.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	k.wantClass(touch.Conflict, err)
	k.wantClass(touch.Conflict, k.ledger.Work.Apply(k.ctx, ref, nil))
	k.wantClass(touch.Conflict, k.ledger.Work.Renew(k.ctx, ref, "w1", k.now().Add(lease)))
}

// testRelease: another worker can claim a released segment at once, and the
// release does not count as a crash.
func testRelease(k *kit) {
	k.accept(k.touch())
	seg := k.feedAndClaim(bulk, 1)
	k.wantClass(touch.Conflict, k.ledger.Work.Release(k.ctx, seg.Ref, "w2"))
	k.must(k.ledger.Work.Release(k.ctx, seg.Ref, "w1"))
	k.wantClass(touch.Conflict, k.ledger.Work.Renew(k.ctx, seg.Ref, "w1", k.now().Add(lease)))
	k.wantClass(touch.Conflict, k.ledger.Work.Release(k.ctx, seg.Ref, "w1"))

	again, err := k.ledger.Work.Claim(k.ctx, seg.Ref, "w2", k.now(), k.now().Add(lease))
	k.must(err)
	if again.Crashes != 0 || len(again.Touches) != 1 {
		k.t.Fatalf("%+v", again)
	}
}
