package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testCampaignCounts(k *kit) {
	_, err := k.ledger.Campaigns.Get(k.ctx, "acme", "nov")
	k.wantClass(touch.NotFound, err)
	k.accept(k.touches(3)...)
	k.accept(k.touch(func(n *ledger.NewTouch) { n.State, n.Reason = touch.StateCapped, "weekly" }))
	k.accept(k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "" }))
	view, err := k.ledger.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.wantEqual(view, ledger.CampaignView{Campaign: "nov", Status: ledger.CampaignRunning, Counts: []ledger.CampaignCount{
		{State: touch.StateCapped, Reason: "weekly", Count: 1}, {State: touch.StateDue, Count: 3},
	}})
	_, err = k.ledger.Campaigns.Get(k.ctx, "other", "nov")
	k.wantClass(touch.NotFound, err)
	k.deliver(bulk, 4)
	view, err = k.ledger.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.wantEqual(view.Counts, []ledger.CampaignCount{{State: touch.StateCapped, Reason: "weekly", Count: 1}, {State: touch.StateSent, Count: 3}})
	k.wantCounts()
}

func (k *kit) setCampaign(s ledger.CampaignStatus) {
	k.t.Helper()
	k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", "nov", s, "me", k.now()))
}

func (k *kit) resumeParked(want int) {
	k.t.Helper()
	n, err := k.ledger.Recovery.ResumeParked(k.ctx, k.now(), 1000)
	k.must(err)
	k.wantEqual(n, want)
}

func testPauseCampaign(k *kit) {
	k.accept(k.touches(20)...)
	free := k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "dec" })
	same := k.touch(func(n *ledger.NewTouch) {
		n.Touch.Caller = "other" // another caller's campaign of the same name
		n.Touch.ID = touch.NewID("other", n.Touch.Key)
	})
	k.accept(free, same)
	k.setCampaign(ledger.CampaignPaused)
	view, err := k.ledger.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.wantEqual(view.Status, ledger.CampaignPaused)
	k.feed(bulk, 2)
	k.feed(bulk, 0)
	k.resumeParked(0)
	k.accept(k.touch())
	k.feed(bulk, 0)
	k.setCampaign(ledger.CampaignRunning)
	k.resumeParked(21)
	k.resumeParked(0)
	k.deliver(bulk, 21)
	k.wantCounts()
}

func testCancelCampaign(k *kit) {
	future := k.touches(3, func(n *ledger.NewTouch) { n.Due = k.now().Add(24 * time.Hour) })
	parked := k.touch()
	sent := k.touch()
	inSegment := k.touch()
	k.accept(sent)
	seg := k.feedAndClaim(bulk, 1)
	tr := k.sent(seg.Touches[0])
	tr.Due = k.now().Add(time.Hour) // waits for a receipt
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.accept(inSegment)
	seg = k.feedAndClaim(bulk, 1)
	k.accept(future...)
	k.accept(parked)
	k.setCampaign(ledger.CampaignPaused)
	k.feed(bulk, 0)
	k.setCampaign(ledger.CampaignCancelled)
	k.wantClass(touch.Conflict, k.ledger.Campaigns.SetStatus(k.ctx, "acme", "nov", ledger.CampaignRunning, "me", k.now()))
	k.resumeParked(5)
	k.resumeParked(0)
	for _, n := range append(future, parked) {
		k.wantState(n, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	}
	k.advance(25 * time.Hour)
	k.feed(bulk, 0)
	k.wantState(sent, touch.StateSent)
	// A touch that a worker held is released, and the next worker ends it.
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.retry(seg.Touches[0], k.now())}))
	seg = k.feedAndClaim(bulk, 1)
	end := k.retry(seg.Touches[0], k.now())
	end.To, end.Due = touch.StateCancelled, time.Time{}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{end}))
	k.wantState(inSegment, touch.StateCancelled)
	k.wantCounts()
	control, err := k.ledger.Controls.Read(k.ctx)
	k.must(err)
	k.wantEqual(control.Campaigns.Of(ledger.CampaignRef{Caller: "acme", Campaign: "nov"}), ledger.CampaignCancelled)
}

// testCancelCampaignUnknownOutcome: a touch of unknown outcome is still resolved
// when its campaign is paused or cancelled, even if it shares a group of timers
// with others.
func testCancelCampaignUnknownOutcome(k *kit) {
	asked, alone := k.touch(), k.touch()
	k.accept(asked)
	seg := k.feedAndClaim(bulk, 1)
	tr := k.retry(seg.Touches[0], k.now().Add(time.Minute))
	tr.To = touch.StateUnknown
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.accept(alone)
	k.setCampaign(ledger.CampaignPaused)
	k.advance(2 * time.Minute)
	k.feed(bulk, 0)
	k.setCampaign(ledger.CampaignCancelled)
	k.resumeParked(1)
	k.resumeParked(0)
	k.wantState(alone, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	k.wantState(asked, touch.StateUnknown)
	seg = k.feedAndClaim(bulk, 1)
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.wantState(asked, touch.StateSent)
	k.resumeParked(0)
	k.wantCounts()
}

// wantCounts fails unless the counts of every campaign are those of its touches.
func (k *kit) wantCounts() {
	k.t.Helper()
	type line struct {
		caller, campaign string
		state            touch.State
		reason           string
	}
	seen := map[line]int64{}
	for after := int64(0); ; {
		views, next, err := k.ledger.Touches.List(k.ctx, ledger.TouchFilter{After: after, Limit: 7})
		k.must(err)
		for _, v := range views {
			seen[line{v.Touch.Caller, v.Touch.Campaign, v.Progress.State, v.Progress.Reason}]++
		}
		if after = next; next == 0 {
			break
		}
	}
	campaigns := map[ledger.CampaignRef]int64{}
	for l := range seen {
		campaigns[ledger.CampaignRef{Caller: l.caller, Campaign: l.campaign}] = 0
	}
	for ref := range campaigns {
		view, err := k.ledger.Campaigns.Get(k.ctx, ref.Caller, ref.Campaign)
		k.must(err)
		for _, c := range view.Counts {
			l := line{ref.Caller, ref.Campaign, c.State, c.Reason}
			if seen[l] != c.Count {
				k.t.Fatalf("%+v counts %d, want %d", l, c.Count, seen[l])
			}
			delete(seen, l)
		}
	}
	if len(seen) > 0 {
		k.t.Fatalf("not counted: %v", seen)
	}
}
