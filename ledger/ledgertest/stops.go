package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testCancelWaiting(k *kit) {
	n, other := k.touch(), k.touch()
	k.accept(n, other)
	p, err := k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.must(err)
	if p.State != touch.StateCancelled || !p.Due.IsZero() {
		k.Fatalf("%+v", p)
	}
	v := k.state(n, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	if v.Events[1].Actor != "me" || v.Events[1].Customer != n.Touch.Customer || v.Events[1].Channel != touch.SMS {
		k.Fatalf("%+v", v.Events[1])
	}
	seg := k.take(bulk, 1)
	if seg.Touches[0].Touch.ID != other.Touch.ID {
		k.Fatal("a cancelled touch was fed")
	}
	_, err = k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.class(touch.Conflict, err)
	k.recount()
}

func testCancelInSegment(k *kit) {
	all := k.touches(3)
	k.accept(all...)
	ref := k.feed(bulk, 3)
	_, err := k.Touches.Cancel(k.ctx, "acme", all[0].Touch.ID, "me", k.now())
	k.must(err)
	seg := k.claim(ref)
	if len(seg.Touches) != 2 {
		k.Fatalf("claimed %d", len(seg.Touches))
	}
	_, err = k.Touches.Cancel(k.ctx, "", all[1].Touch.ID, "me", k.now())
	k.must(err)
	dropped := k.intend(seg)
	k.equal(dropped, []int{0})
	_, err = k.Touches.Cancel(k.ctx, "acme", all[2].Touch.ID, "me", k.now())
	k.class(touch.Conflict, err) // an intent stands
	// The worker's stale word does not bring a cancelled touch back.
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.again(seg.Touches[0], k.now()), k.sent(seg.Touches[1])}))
	k.state(all[1], touch.StateCancelled)
	k.state(all[2], touch.StateSent)
	k.feed(bulk, 0)
	// A segment of which all was cancelled is done.
	n := k.touch()
	k.accept(n)
	ref = k.feed(bulk, 1)
	_, err = k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.must(err)
	_, err = k.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	k.class(touch.Conflict, err)
	if open, err := k.Work.OpenSegments(k.ctx, bulk); err != nil || open != 0 {
		k.Fatal(open, err)
	}
	k.recount()
}

func testCancelRefused(k *kit) {
	n := k.touch()
	k.accept(n)
	_, err := k.Touches.Cancel(k.ctx, "someone", n.Touch.ID, "me", k.now())
	k.class(touch.NotFound, err)
	_, err = k.Touches.Cancel(k.ctx, "acme", touch.NewID("acme", "none"), "me", k.now())
	k.class(touch.NotFound, err)
	k.deliver(bulk, 1)
	_, err = k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.class(touch.Conflict, err)
	k.state(n, touch.StateSent)
}

func (k *kit) campaign(s ledger.CampaignStatus) {
	k.Helper()
	k.must(k.Campaigns.SetStatus(k.ctx, "acme", "nov", s, "me", k.now()))
}

func (k *kit) unpark(want int) {
	k.Helper()
	n, err := k.Recovery.ResumeParked(k.ctx, k.now(), 1000)
	k.must(err)
	k.equal(n, want)
}

func testPauseAndResume(k *kit) {
	k.accept(k.touches(20)...)
	free := k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "dec" })
	same := k.touch(func(n *ledger.NewTouch) {
		n.Touch.Caller = "other" // another caller's campaign of the same name
		n.Touch.ID = touch.NewID("other", n.Touch.Key)
	})
	k.accept(free, same)
	k.campaign(ledger.CampaignPaused)
	view, err := k.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.equal(view.Status, ledger.CampaignPaused)
	k.feed(bulk, 2)
	k.feed(bulk, 0)
	k.unpark(0)
	k.accept(k.touch())
	k.feed(bulk, 0)
	k.campaign(ledger.CampaignRunning)
	k.unpark(21)
	k.unpark(0)
	k.deliver(bulk, 21)
	k.recount()
}

func testCancelCampaign(k *kit) {
	future := k.touches(3, func(n *ledger.NewTouch) { n.Due = k.now().Add(24 * time.Hour) })
	parked, sent, inSegment := k.touch(), k.touch(), k.touch()
	k.accept(sent)
	seg := k.take(bulk, 1)
	tr := k.sent(seg.Touches[0])
	tr.Due = k.now().Add(time.Hour) // waits for a receipt
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.accept(inSegment)
	seg = k.take(bulk, 1)
	k.accept(future...)
	k.accept(parked)
	k.campaign(ledger.CampaignPaused)
	k.feed(bulk, 0)
	k.campaign(ledger.CampaignCancelled)
	k.class(touch.Conflict, k.Campaigns.SetStatus(k.ctx, "acme", "nov", ledger.CampaignRunning, "me", k.now()))
	k.unpark(5)
	k.unpark(0)
	for _, n := range append(future, parked) {
		k.state(n, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	}
	k.pass(25 * time.Hour)
	k.feed(bulk, 0)
	k.state(sent, touch.StateSent)
	// One that was in a worker's hands comes back, and another one ends it.
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.again(seg.Touches[0], k.now())}))
	seg = k.take(bulk, 1)
	end := k.again(seg.Touches[0], k.now())
	end.To, end.Due = touch.StateCancelled, time.Time{}
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{end}))
	k.state(inSegment, touch.StateCancelled)
	k.recount()
	control, err := k.Controls.Read(k.ctx)
	k.must(err)
	k.equal(control.Campaigns[ledger.CampaignRef{Caller: "acme", Campaign: "nov"}], ledger.CampaignCancelled)
}

// testCancelUnknown: whether one of unknown outcome was sent is still found
// out, however its campaign stands, and whoever it waits with.
func testCancelUnknown(k *kit) {
	asked, alone := k.touch(), k.touch()
	k.accept(asked)
	seg := k.take(bulk, 1)
	tr := k.again(seg.Touches[0], k.now().Add(time.Minute))
	tr.To = touch.StateUnknown
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.accept(alone)
	k.campaign(ledger.CampaignPaused)
	k.pass(2 * time.Minute)
	k.feed(bulk, 0)
	k.campaign(ledger.CampaignCancelled)
	k.unpark(1)
	k.unpark(0)
	k.state(alone, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	k.state(asked, touch.StateUnknown)
	seg = k.take(bulk, 1)
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.state(asked, touch.StateSent)
	k.unpark(0)
	k.recount()
}

func testStops(k *kit) {
	a := ledger.KillSwitch{ID: "a", Channel: touch.SMS, Owner: "o", Reason: "r", Since: k.now(), Until: ptr(k.now().Add(time.Hour))}
	b := ledger.KillSwitch{ID: "b", Category: touch.Marketing, Provider: "p", Caller: "acme", Since: k.now()}
	k.must(k.Controls.PutKillSwitch(k.ctx, a, "me", k.now()))
	k.must(k.Controls.PutKillSwitch(k.ctx, b, "me", k.now()))
	a.Reason = "changed"
	k.must(k.Controls.PutKillSwitch(k.ctx, a, "me", k.now()))
	control, err := k.Controls.Read(k.ctx)
	k.must(err)
	k.equal(control.KillSwitches, []ledger.KillSwitch{a, b})
	k.must(k.Controls.EndKillSwitch(k.ctx, "a", "me", k.now()))
	k.class(touch.NotFound, k.Controls.EndKillSwitch(k.ctx, "a", "me", k.now()))
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	control, err = k.Controls.Read(k.ctx)
	k.must(err)
	k.equal(control.KillSwitches, []ledger.KillSwitch{b})
	k.equal(control.Version, fence) // what failed did not raise it
	events, err := k.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	if len(events) != 4 || events[3].Kind != touch.EventControl || events[3].Actor != "me" || events[3].Reason == "" {
		k.Fatalf("%+v", events)
	}
}

func testPolicies(k *kit) {
	_, err := k.PolicySets.Get(k.ctx, "")
	k.class(touch.NotFound, err)
	one := ledger.PolicySet{Hash: "h1", Documents: map[string][]byte{"a.yaml": []byte("policy: a")}, CreatedAt: k.now(), CreatedBy: "me"}
	two := ledger.PolicySet{Hash: "h2", Documents: map[string][]byte{}, CreatedAt: k.now(), CreatedBy: "you"}
	k.must(k.PolicySets.Activate(k.ctx, one, "me", k.now()))
	k.must(k.PolicySets.Activate(k.ctx, two, "me", k.now()))
	active, err := k.PolicySets.Get(k.ctx, "")
	k.must(err)
	k.equal(active, two)
	stored, err := k.PolicySets.Get(k.ctx, "h1")
	k.must(err)
	k.equal(stored, one)
	k.must(k.PolicySets.Activate(k.ctx, one, "me", k.now())) // back again
	control, err := k.Controls.Read(k.ctx)
	k.must(err)
	k.equal(control.PolicyHash, "h1")
	_, err = k.PolicySets.Get(k.ctx, "h3")
	k.class(touch.NotFound, err)
	k.class(touch.Invalid, k.PolicySets.Activate(k.ctx, ledger.PolicySet{}, "me", k.now()))
}

func testShards(k *kit) {
	raised, err := k.Controls.RaiseShardEpochs(k.ctx, []int{0, 7, 7}, k.now())
	k.must(err)
	k.equal(raised, map[int]int64{0: 1, 7: 1})
	raised, err = k.Controls.RaiseShardEpochs(k.ctx, []int{7}, k.now())
	k.must(err)
	k.equal(raised, map[int]int64{7: 2})
	control, err := k.Controls.Read(k.ctx)
	k.must(err)
	k.equal(control.Shards, map[int]int64{0: 1, 7: 2})
}

func testLeases(k *kit) {
	held := func(name, holder string, want bool) {
		k.Helper()
		got, err := k.Leases.Acquire(k.ctx, name, holder, k.now(), k.now().Add(time.Minute))
		k.must(err)
		k.equal(got, want)
	}
	held("report", "a", true)
	held("report", "b", false)
	held("other", "b", true)
	k.pass(59 * time.Second)
	held("report", "a", true)
	k.pass(59 * time.Second)
	held("report", "b", false)
	k.pass(time.Second)
	held("report", "b", true)
	held("report", "a", false)
}

func testWatcher(k *kit) {
	var compiled []string
	fail := false
	w := ledger.NewControlWatcher(k.Controls, func(_ context.Context, c *ledger.Control) error {
		if fail {
			return fmt.Errorf("does not compile")
		}
		compiled = append(compiled, c.PolicyHash)
		return nil
	})
	if w.Current() != nil {
		k.Fatal("a view before the first refresh")
	}
	k.must(w.Refresh(k.ctx))
	k.must(w.Refresh(k.ctx))
	k.must(k.PolicySets.Activate(k.ctx, ledger.PolicySet{Hash: "h1"}, "me", k.now()))
	k.must(w.Refresh(k.ctx))
	k.equal(compiled, []string{"", "h1"})
	fail = true
	k.must(k.PolicySets.Activate(k.ctx, ledger.PolicySet{Hash: "h2"}, "me", k.now()))
	if w.Refresh(k.ctx) == nil || w.Current().PolicyHash != "h1" {
		k.Fatal("a view that was not ready was published")
	}
	fail = false
	ctx, stop := context.WithCancel(k.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { loop.Every(ctx, time.Millisecond, w.Refresh, func(err error) { k.Error(err) }) })
	for w.Current().PolicyHash != "h2" {
		time.Sleep(time.Millisecond)
	}
	stop()
	wg.Wait()
}
