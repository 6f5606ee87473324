package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func (k *kit) putStop(s ledger.KillSwitch) {
	k.t.Helper()
	k.must(k.ledger.Controls.PutKillSwitch(k.ctx, s, "me", k.now()))
}

func (k *kit) releaseHeld(want int) {
	k.t.Helper()
	n, err := k.ledger.Recovery.ReleaseHeld(k.ctx, k.now(), 1000)
	k.must(err)
	k.wantEqual(n, want)
}

// holdBack has a worker hold n due touches back, each in a call of its own.
func (k *kit) holdBack(n int, hold string) {
	k.t.Helper()
	seg := k.feedAndClaim(bulk, n)
	for _, c := range seg.Touches {
		tr := k.retry(c, k.now())
		tr.Hold = hold
		tr.Reason = touch.ReasonKillSwitch + "s"
		k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	}
}

// testHolds: what a kill switch holds back is not fed, and goes on when the
// switch ends, also what is held back after its end.
func testHolds(k *kit) {
	stop := ledger.KillSwitch{ID: "s", Channel: touch.SMS}
	k.putStop(stop)
	k.accept(k.touches(3)...)
	k.holdBack(3, stop.Hold())
	k.advance(time.Hour)
	k.feed(bulk, 0)
	k.releaseHeld(0)
	k.must(k.ledger.Controls.EndKillSwitch(k.ctx, "s", "me", k.now()))
	k.releaseHeld(3)
	k.releaseHeld(0)
	k.holdBack(3, stop.Hold()) // by a worker that has not heard of the end
	k.releaseHeld(3)
	k.deliver(bulk, 3)
	k.wantCounts()
}

// testHoldsEnd: a kill switch is also over when its time is, and when it is
// replaced by one that matches something else.
func testHoldsEnd(k *kit) {
	until := k.now().Add(time.Minute)
	timed := ledger.KillSwitch{ID: "s", Until: &until}
	k.putStop(timed)
	k.accept(k.touches(2)...)
	k.holdBack(2, timed.Hold())
	k.releaseHeld(0)
	k.advance(time.Minute)
	k.releaseHeld(2)

	longer := until.Add(time.Hour)
	timed.Until = &longer
	k.putStop(timed)
	k.holdBack(2, timed.Hold())
	timed.Until, timed.Reason = nil, "it takes longer"
	k.putStop(timed)
	k.releaseHeld(0)
	timed.Category = touch.Collection
	k.putStop(timed)
	k.releaseHeld(2)

	// A touch that waits for one of two goes on when either ends.
	a, b := ledger.KillSwitch{ID: "a", Provider: "p1"}, ledger.KillSwitch{ID: "b", Provider: "p2"}
	k.putStop(a)
	k.putStop(b)
	k.holdBack(2, ledger.JoinHolds([]string{a.Hold(), b.Hold()}))
	k.releaseHeld(0)
	k.must(k.ledger.Controls.EndKillSwitch(k.ctx, "b", "me", k.now()))
	k.releaseHeld(2)
	k.deliver(bulk, 2)
}

// testHoldsAndCampaigns: a campaign that is paused, resumed or cancelled meets
// touches that a kill switch holds.
func testHoldsAndCampaigns(k *kit) {
	stop := ledger.KillSwitch{ID: "s"}
	k.putStop(stop)
	k.accept(k.touches(3)...)
	k.holdBack(3, stop.Hold())
	k.setCampaign(ledger.CampaignPaused)
	k.setCampaign(ledger.CampaignRunning)
	k.resumeParked(0) // they still wait for the kill switch
	k.setCampaign(ledger.CampaignPaused)
	k.must(k.ledger.Controls.EndKillSwitch(k.ctx, "s", "me", k.now()))
	k.releaseHeld(3)
	k.feed(bulk, 0) // they wait for the campaign
	k.setCampaign(ledger.CampaignRunning)
	k.resumeParked(3)
	k.putStop(stop)
	k.holdBack(3, stop.Hold())
	k.setCampaign(ledger.CampaignCancelled)
	k.resumeParked(3)
	k.releaseHeld(0)
	k.wantCounts()
}

// testResumeBesideOthers: a cancelled campaign whose touch cannot be cancelled yet
// keeps no other campaign waiting.
func testResumeBesideOthers(k *kit) {
	k.accept(k.touch())
	seg := k.feedAndClaim(bulk, 1)
	tr := k.retry(seg.Touches[0], k.now().Add(time.Hour))
	tr.To = touch.StateUnknown
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.setCampaign(ledger.CampaignCancelled)

	other := k.touches(2, func(n *ledger.NewTouch) { n.Touch.Campaign = "dec" })
	k.accept(other...)
	set := func(s ledger.CampaignStatus) {
		k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", "dec", s, "me", k.now()))
	}
	set(ledger.CampaignPaused)
	k.feed(bulk, 0)
	set(ledger.CampaignRunning)
	k.resumeParked(2)
	k.deliver(bulk, 2)
}

func testCountWaiting(k *kit) {
	count := func(caller string, c touch.Channel) int64 {
		n, err := k.ledger.Touches.CountWaiting(k.ctx, caller, c)
		k.must(err)
		return n
	}
	k.wantEqual(count("", ""), int64(0))
	k.accept(k.touches(5)...)
	k.feed(bulk, 5)
	k.accept(k.touches(2)...)
	k.wantEqual([]int64{count("", ""), count("acme", ""), count("other", "")}, []int64{7, 7, 0})
	k.wantEqual([]int64{count("", touch.SMS), count("acme", touch.SMS), count("other", touch.SMS), count("", touch.Push)}, []int64{7, 7, 0, 0})
}
