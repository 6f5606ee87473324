package ledgertest

import (
	"errors"
	"time"

	"touchgate.dev/ledger"
)

func testIntendControlChanged(k *kit) {
	k.accept(k.touch())
	seg := k.feedAndClaim(bulk, 1)
	before, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	changes := []func() error{
		func() error {
			return k.ledger.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: "s1", Since: k.now()}, "me", k.now())
		},
		func() error { return k.ledger.Controls.EndKillSwitch(k.ctx, "s1", "me", k.now()) },
		func() error { return k.ledger.PolicySets.Activate(k.ctx, ledger.PolicySet{Hash: "h"}, "me", k.now()) },
		func() error { _, err := k.ledger.Controls.RaiseShardEpochs(k.ctx, []int{4, 2, 4}, k.now()); return err },
		func() error {
			return k.ledger.Campaigns.SetStatus(k.ctx, "acme", "nov", ledger.CampaignPaused, "me", k.now())
		},
		func() error {
			return k.ledger.Campaigns.SetStatus(k.ctx, "acme", "nov", ledger.CampaignRunning, "me", k.now())
		},
	}
	intents := []ledger.Intent{k.intent(seg.Touches[0])}
	for i, change := range changes {
		k.must(change())
		_, err = k.ledger.Work.Intend(k.ctx, seg.Ref, before, intents)
		if !errors.Is(err, ledger.ErrControlChanged) {
			k.t.Fatalf("after change %d: %v", i, err)
		}
		after, err := k.ledger.Controls.Version(k.ctx)
		k.must(err)
		if after == before {
			k.t.Fatalf("change %d did not raise the control version", i)
		}
		before = after
	}
	if dropped, err := k.ledger.Work.Intend(k.ctx, seg.Ref, before, intents); err != nil || len(dropped) > 0 {
		k.t.Fatal(dropped, err)
	}
}

func testIntendAgain(k *kit) {
	k.accept(k.touches(3)...)
	seg := k.feedAndClaim(bulk, 3)
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	one, two := k.intent(seg.Touches[0]), k.intent(seg.Touches[1])
	stale, stranger := k.intent(seg.Touches[2]), one
	stale.Version += 5
	stranger.Seq += 1000
	dropped, err := k.ledger.Work.Intend(k.ctx, seg.Ref, version, []ledger.Intent{stale, one, stranger, two})
	k.must(err)
	k.wantEqual(dropped, []int{0, 2})
	one.Provider, one.Attempt = "p2", 2 // failover within one epoch
	_, err = k.ledger.Work.Intend(k.ctx, seg.Ref, version, []ledger.Intent{one})
	k.must(err)
	// A transition removes the intent, also of a touch that stays in the segment.
	keep := k.retry(seg.Touches[1], time.Time{})
	keep.Keep = true
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{keep}))
	k.advance(2 * lease)
	refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 1)
	k.must(err)
	again := k.claim(refs[0])
	var got []*ledger.Intent
	for _, c := range again.Touches {
		got = append(got, c.Intent)
	}
	k.wantEqual(got, []*ledger.Intent{&one, nil, nil})
}
