package ledgertest

import (
	"errors"
	"fmt"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testCampaignVersion: a change of one campaign voids the verdicts on its own
// touches, and on no others.
func testCampaignVersion(k *kit) {
	k.accept(k.touch())
	k.accept(k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "dec" }))
	seg := k.feedAndClaim(bulk, 2)
	judged, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	k.setCampaign(ledger.CampaignPaused)

	own, others := k.intent(seg.Touches[0]), k.intent(seg.Touches[1])
	_, err = k.ledger.Work.Intend(k.ctx, seg.Ref, judged, []ledger.Intent{others, own})
	if !errors.Is(err, ledger.ErrControlChanged) {
		k.t.Fatalf("the campaign's own touch: %v", err)
	}
	dropped, err := k.ledger.Work.Intend(k.ctx, seg.Ref, judged, []ledger.Intent{others})
	if err != nil || len(dropped) > 0 {
		k.t.Fatal("another campaign's touch:", dropped, err)
	}

	urgent := k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign, n.Enqueue, n.Lane = "dec", true, "sms.urgent" })
	claim := ledger.Claim{
		Worker: "w1", Lanes: []string{"sms.urgent"}, Until: k.now().Add(lease), ControlVersion: judged,
		Intents: map[int]ledger.Intent{0: {Provider: "p", At: k.now()}},
	}
	_, claimed, _, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{urgent}, claim)
	if err != nil || len(claimed) != 1 {
		k.t.Fatal("another campaign's urgent touch:", claimed, err)
	}
	urgent = k.touch(func(n *ledger.NewTouch) { n.Enqueue, n.Lane = true, "sms.urgent" })
	_, _, _, err = k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{urgent}, claim)
	if !errors.Is(err, ledger.ErrControlChanged) {
		k.t.Fatalf("the campaign's own urgent touch: %v", err)
	}
}

// testNoChange: what changes nothing raises no version and leaves no record.
func testNoChange(k *kit) {
	k.accept(k.touch())
	k.setCampaign(ledger.CampaignRunning)
	k.setCampaign(ledger.CampaignPaused)
	before, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	for range 3 {
		k.setCampaign(ledger.CampaignPaused)
	}
	after, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	k.wantEqual(after, before)
	k.setCampaign(ledger.CampaignCancelled)
	k.setCampaign(ledger.CampaignCancelled)
	for _, s := range []ledger.CampaignStatus{ledger.CampaignPaused, ledger.CampaignRunning} {
		k.wantClass(touch.Conflict, k.ledger.Campaigns.SetStatus(k.ctx, "acme", "nov", s, "me", k.now()))
	}
	events, err := k.ledger.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	var reasons []string
	for _, e := range events {
		if e.Kind == touch.EventControl {
			reasons = append(reasons, e.Reason)
		}
	}
	k.wantEqual(reasons, []string{"campaign paused", "campaign cancelled"})
}

// testReadSince: what is read bit by bit is what is read whole.
func testReadSince(k *kit) {
	var known *ledger.Control
	for i := range 60 {
		campaign := fmt.Sprint("c", (i*7)%23)
		status := []ledger.CampaignStatus{ledger.CampaignPaused, ledger.CampaignRunning, ledger.CampaignPaused}[i%3]
		k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", campaign, status, "me", k.now()))
		if i%20 == 19 {
			k.putStop(ledger.KillSwitch{ID: fmt.Sprint("s", i)})
		}
		if i%4 == 0 {
			continue // several changes at once
		}
		var err error
		known, err = k.ledger.Controls.ReadSince(k.ctx, known)
		k.must(err)
		whole, err := k.ledger.Controls.Read(k.ctx)
		k.must(err)
		k.wantEqual([]any{known.Version, known.KillSwitches, known.PolicyHash}, []any{whole.Version, whole.KillSwitches, whole.PolicyHash})
		for c := range 23 {
			ref := ledger.CampaignRef{Caller: "acme", Campaign: fmt.Sprint("c", c)}
			if got, want := known.Campaigns.Of(ref), whole.Campaigns.Of(ref); got != want {
				k.t.Fatalf("after change %d: %s is %s, want %s", i, ref.Campaign, got, want)
			}
		}
	}
}

func testCampaignNames(k *kit) {
	k.accept(k.touch())
	k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", "ahead", ledger.CampaignPaused, "me", k.now()))
	k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", "slip", ledger.CampaignPaused, "me", k.now()))
	k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", "slip", ledger.CampaignRunning, "me", k.now()))
	names, err := k.ledger.Campaigns.Names(k.ctx, "acme", 10)
	k.must(err)
	k.wantEqual(names, []string{"ahead", "nov"})
	n, err := k.ledger.Campaigns.CountEmpty(k.ctx, "acme", 10)
	k.must(err)
	k.wantEqual(n, 1)
	n, err = k.ledger.Campaigns.CountEmpty(k.ctx, "other", 10)
	k.must(err)
	k.wantEqual(n, 0)
}
