package ledgertest

import (
	"errors"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testFeedOrder(k *kit) {
	at := func(priority int, after time.Duration) ledger.NewTouch {
		return k.touch(func(n *ledger.NewTouch) { n.Touch.Priority, n.Due = priority, k.now().Add(after) })
	}
	low, late, early, high, future := at(0, 0), at(5, 2*time.Second), at(5, time.Second), at(9, 3*time.Second), at(9, time.Hour)
	k.accept(low, late, early, high, future)
	k.pass(time.Minute)
	for _, want := range []ledger.NewTouch{high, early, late, low} {
		ref, n, ok, err := k.Work.Feed(k.ctx, bulk, k.now(), 1)
		k.must(err)
		if n != 1 || !ok {
			k.Fatal(n, ok)
		}
		if seg := k.claim(ref); seg.Touches[0].Touch.ID != want.Touch.ID {
			k.Fatalf("fed %+v, want %+v", seg.Touches[0].Touch, want.Touch)
		}
	}
	k.feed(bulk, 0)
	if p := k.view(future).Progress; !p.Due.Equal(future.Due) {
		k.Fatalf("the future touch is due at %s, want %s", p.Due, future.Due)
	}
	k.pass(59*time.Minute - time.Microsecond)
	k.feed(bulk, 0)
	k.pass(time.Microsecond)
	k.feed(bulk, 1)
	if p := k.view(future).Progress; !p.Due.IsZero() {
		k.Fatalf("a touch in a segment has a timer at %s", p.Due)
	}
}

// testFeedExpiresFirst: of equal priority what expires first goes first, though
// it is due later, came later or was put back meanwhile; a higher priority goes
// before it all the same.
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
	ever, month, days, soon := until(5, 0), until(5, 60*24*time.Hour), until(5, 50*time.Hour), until(5, 30*time.Minute)
	k.accept(ever, days, month, soon)
	k.pass(time.Minute)
	today, low, high := until(5, 5*time.Hour), until(4, 10*time.Minute), until(6, 0)
	k.accept(today, low, high)
	next := func(want ledger.NewTouch) *ledger.Segment {
		ref, _, _, err := k.Work.Feed(k.ctx, bulk, k.now(), 1)
		k.must(err)
		seg := k.claim(ref)
		if seg.Touches[0].Touch.ID != want.Touch.ID {
			k.Fatalf("fed %+v, want %+v", seg.Touches[0].Touch, want.Touch)
		}
		return seg
	}
	next(high)
	back := next(soon)
	k.must(k.Work.Apply(k.ctx, back.Ref, []ledger.Transition{k.again(back.Touches[0], k.now().Add(time.Second))}))
	next(today)
	k.pass(time.Second)
	for _, want := range []ledger.NewTouch{soon, days, ever, month, low} {
		next(want)
	}
	k.feed(bulk, 0)
}

// testFeedSplits: segments smaller than what waits together, and larger.
func testFeedSplits(k *kit) {
	k.accept(k.touches(10)...)
	k.accept(k.touches(5, func(n *ledger.NewTouch) { n.Touch.Campaign = "other" })...)
	seen := map[int64]bool{}
	var segs []*ledger.Segment
	for _, want := range []int{4, 4, 4, 3} {
		ref, n, _, err := k.Work.Feed(k.ctx, bulk, k.now(), 4)
		k.must(err)
		seg := k.claim(ref)
		if n != want || len(seg.Touches) != want {
			k.Fatalf("fed %d, claimed %d, want %d", n, len(seg.Touches), want)
		}
		for _, c := range seg.Touches {
			if seen[c.Progress.Seq] {
				k.Fatal("a touch was fed twice")
			}
			seen[c.Progress.Seq] = true
			if c.Progress.Segment != ref.Segment {
				k.Fatalf("in segment %d, want %d", c.Progress.Segment, ref.Segment)
			}
		}
		segs = append(segs, seg)
	}
	k.feed(bulk, 0)
	// A later part can end before an earlier one, and a part can be cancelled from.
	slices.Reverse(segs)
	for i, seg := range segs {
		_, err := k.Touches.Cancel(k.ctx, "acme", seg.Touches[0].Touch.ID, "me", k.now())
		k.must(err)
		var all []ledger.Transition
		for _, c := range seg.Touches[1:] {
			all = append(all, k.sent(c))
		}
		k.must(k.Work.Apply(k.ctx, seg.Ref, all))
		if open, err := k.Work.OpenSegments(k.ctx, bulk); err != nil || open != len(segs)-1-i {
			k.Fatal(open, err)
		}
	}
	k.recount()
}

func testFeedNothing(k *kit) {
	k.feed("no.lane", 0)
	if open, err := k.Work.OpenSegments(k.ctx, "no.lane"); err != nil || open != 0 {
		k.Fatal(open, err)
	}
}

// testFeedAfterMove: a timer that was set anew is the only one that counts.
func testFeedAfterMove(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.take(bulk, 1)
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.again(seg.Touches[0], k.now().Add(time.Minute))}))
	v := k.state(n, touch.StateDue, touch.EventAccepted, touch.EventRetry)
	// An outsider moves it to a later time; the first timer is void.
	tr := k.again(ledger.ClaimedTouch{Touch: v.Touch, Progress: v.Progress}, k.now().Add(2*time.Minute))
	k.must(k.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	k.pass(time.Minute)
	k.feed(bulk, 0)
	k.pass(time.Minute)
	seg = k.take(bulk, 1)
	if p := seg.Touches[0].Progress; p.Attempts != 2 || !p.Due.IsZero() {
		k.Fatalf("%+v", p)
	}
}

// testFeedVoidTimerLast: a touch whose void timer runs out after the one that
// counts, both by the time the feeder looks, is fed all the same.
func testFeedVoidTimerLast(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.take(bulk, 1)
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.again(seg.Touches[0], k.now().Add(2*time.Minute))}))
	v := k.view(n)
	tr := k.again(ledger.ClaimedTouch{Touch: v.Touch, Progress: v.Progress}, k.now().Add(time.Minute))
	k.must(k.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr}))
	k.pass(3 * time.Minute)
	k.take(bulk, 1)
	k.feed(bulk, 0)
}

func testClaimOnce(k *kit) {
	k.accept(k.touch())
	ref := k.feed(bulk, 1)
	wrong := ref
	wrong.Epoch++
	_, err := k.Work.Claim(k.ctx, wrong, "w", k.now(), k.now().Add(lease))
	k.class(touch.Conflict, err)
	seg := k.claim(ref)
	for range 2 {
		_, err = k.Work.Claim(k.ctx, ref, "w2", k.now(), k.now().Add(lease))
		k.class(touch.Conflict, err)
		k.pass(2 * lease) // also when its lease ran out: only a new epoch shuts the first one out
	}
	k.must(k.Work.Renew(k.ctx, ref, "w1", k.now().Add(lease)))
	k.class(touch.Conflict, k.Work.Renew(k.ctx, ref, "w2", k.now().Add(lease)))
	if refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10); err != nil || len(refs) > 0 {
		k.Fatal("a held segment was recovered", refs, err)
	}
	k.must(k.Work.Apply(k.ctx, ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	_, err = k.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	k.class(touch.Conflict, err)
	k.class(touch.Conflict, k.Work.Apply(k.ctx, ref, nil))
	k.class(touch.Conflict, k.Work.Renew(k.ctx, ref, "w1", k.now().Add(lease)))
}

// testRecoverTwice: a process that starts takes over whatever was leased, for
// however long; if it is lost before it could work, the next one does likewise.
func testRecoverTwice(k *kit) {
	k.accept(k.touch())
	seg := k.take(bulk, 1)
	for epoch := seg.Ref.Epoch + 1; epoch < seg.Ref.Epoch+3; epoch++ {
		k.pass(time.Second)
		refs, err := k.Recovery.ReclaimAll(k.ctx, k.now(), 10)
		k.must(err)
		if len(refs) != 1 || refs[0].Epoch != epoch {
			k.Fatalf("recovered %+v, want epoch %d", refs, epoch)
		}
	}
}

func testLostLease(k *kit) {
	n := k.touch()
	k.accept(n, k.touch())
	seg := k.take(bulk, 2)
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	first := k.intent(seg.Touches[0])
	_, err = k.Work.Intend(k.ctx, seg.Ref, fence, []ledger.Intent{first})
	k.must(err)
	if refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10); err != nil || len(refs) > 0 {
		k.Fatal(refs, err)
	}
	k.pass(2 * lease)
	refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	if len(refs) != 1 || refs[0].Segment != seg.Ref.Segment || refs[0].Epoch != seg.Ref.Epoch+1 || refs[0].Lane != bulk {
		k.Fatalf("recovered %+v", refs)
	}
	// The worker that lost it can do nothing more.
	k.class(touch.Conflict, k.Work.Renew(k.ctx, seg.Ref, "w1", k.now().Add(lease)))
	_, err = k.Work.Intend(k.ctx, seg.Ref, fence, []ledger.Intent{first})
	k.class(touch.Conflict, err)
	k.class(touch.Conflict, k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[1])}))
	_, err = k.Work.Claim(k.ctx, seg.Ref, "w1", k.now(), k.now().Add(lease))
	k.class(touch.Conflict, err)
	if refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-time.Second), 10); err != nil || len(refs) > 0 {
		k.Fatal("recovered twice", refs, err)
	}
	again := k.claim(refs[0])
	if again.Crashes != 1 || len(again.Touches) != 2 {
		k.Fatalf("%+v", again)
	}
	k.equal(again.Touches[0].Intent, first)
	if again.Touches[1].Intent != nil {
		k.Fatal("an intent that nobody had")
	}
	// What may have been sent cannot be cancelled; the other one can.
	_, err = k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
	k.class(touch.Conflict, err)
	k.must(k.Work.Apply(k.ctx, again.Ref, []ledger.Transition{k.sent(again.Touches[0]), k.again(again.Touches[1], k.now())}))
	k.take(bulk, 1)
}

func testUnclaimed(k *kit) {
	k.accept(k.touch())
	ref := k.feed(bulk, 1)
	if refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10); err != nil || len(refs) > 0 {
		k.Fatal(refs, err)
	}
	k.pass(time.Second)
	refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	k.equal(refs, []ledger.SegmentRef{{Segment: ref.Segment, Epoch: ref.Epoch + 1, Lane: bulk}})
	if seg := k.claim(refs[0]); seg.Crashes != 0 {
		k.Fatal("nobody crashed")
	}
}

func testFence(k *kit) {
	k.accept(k.touch())
	seg := k.take(bulk, 1)
	before, err := k.Controls.Version(k.ctx)
	k.must(err)
	changes := []func() error{
		func() error {
			return k.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: "s1", Since: k.now()}, "me", k.now())
		},
		func() error { return k.Controls.EndKillSwitch(k.ctx, "s1", "me", k.now()) },
		func() error { return k.PolicySets.Activate(k.ctx, ledger.PolicySet{Hash: "h"}, "me", k.now()) },
		func() error { _, err := k.Controls.RaiseShardEpochs(k.ctx, []int{4, 2, 4}, k.now()); return err },
		func() error {
			return k.Campaigns.SetStatus(k.ctx, "acme", "nov", ledger.CampaignPaused, "me", k.now())
		},
		func() error {
			return k.Campaigns.SetStatus(k.ctx, "acme", "nov", ledger.CampaignRunning, "me", k.now())
		},
	}
	intents := []ledger.Intent{k.intent(seg.Touches[0])}
	for i, change := range changes {
		k.must(change())
		_, err = k.Work.Intend(k.ctx, seg.Ref, before, intents)
		if !errors.Is(err, ledger.ErrControlChanged) {
			k.Fatalf("after change %d: %v", i, err)
		}
		after, err := k.Controls.Version(k.ctx)
		k.must(err)
		if after <= before {
			k.Fatalf("change %d did not raise the fence", i)
		}
		before = after
	}
	if dropped, err := k.Work.Intend(k.ctx, seg.Ref, before, intents); err != nil || len(dropped) > 0 {
		k.Fatal(dropped, err)
	}
}

func testIntendAgain(k *kit) {
	k.accept(k.touches(3)...)
	seg := k.take(bulk, 3)
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	one, two := k.intent(seg.Touches[0]), k.intent(seg.Touches[1])
	stale, stranger := k.intent(seg.Touches[2]), one
	stale.Version += 5
	stranger.Seq += 1000
	dropped, err := k.Work.Intend(k.ctx, seg.Ref, fence, []ledger.Intent{stale, one, stranger, two})
	k.must(err)
	k.equal(dropped, []int{0, 2})
	one.Provider, one.Attempt = "p2", 2 // failover within one epoch
	_, err = k.Work.Intend(k.ctx, seg.Ref, fence, []ledger.Intent{one})
	k.must(err)
	// A settled intent is gone, also of a touch that stays.
	keep := k.again(seg.Touches[1], time.Time{})
	keep.Keep = true
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{keep}))
	k.pass(2 * lease)
	refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 1)
	k.must(err)
	again := k.claim(refs[0])
	var got []*ledger.Intent
	for _, c := range again.Touches {
		got = append(got, c.Intent)
	}
	k.equal(got, []*ledger.Intent{&one, nil, nil})
}

func testSettleParts(k *kit) {
	all := k.touches(4)
	k.accept(all...)
	seg := k.take(bulk, 4)
	if !k.view(all[0]).Sending {
		k.Fatal("a claimed touch does not show as sending")
	}
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0]), k.sent(seg.Touches[2])}))
	if k.view(all[0]).Sending || !k.view(all[1]).Sending {
		k.Fatal("sending is not what it should be")
	}
	k.pass(2 * lease)
	refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 10)
	k.must(err)
	left := k.claim(refs[0])
	if len(left.Touches) != 2 || left.Touches[0].Touch.ID != all[1].Touch.ID || left.Touches[1].Touch.ID != all[3].Touch.ID {
		k.Fatalf("left %+v", left.Touches)
	}
	k.must(k.Work.Apply(k.ctx, left.Ref, []ledger.Transition{k.again(left.Touches[0], k.now()), k.sent(left.Touches[1])}))
	if open, err := k.Work.OpenSegments(k.ctx, bulk); err != nil || open != 0 {
		k.Fatal(open, err)
	}
	k.deliver(bulk, 1)
	for _, n := range all {
		k.state(n, touch.StateSent)
	}
	k.recount()
}

// testSettleOutside: a ref without a segment moves touches that are in none,
// and never takes one out of another worker's hands.
func testSettleOutside(k *kit) {
	free, held := k.touch(), k.touch()
	k.accept(free)
	k.deliver(bulk, 1)
	k.accept(held)
	seg := k.take(bulk, 1)
	claimed := func(n ledger.NewTouch) ledger.ClaimedTouch {
		v := k.view(n)
		return ledger.ClaimedTouch{Touch: v.Touch, Progress: v.Progress}
	}
	tr := k.sent(claimed(free))
	tr.To, tr.Events = touch.StateDelivered, []touch.Event{k.event(claimed(free), touch.EventDelivered, touch.StateDelivered)}
	k.must(k.Work.ApplyUnclaimed(k.ctx, []ledger.Transition{tr, k.again(claimed(held), k.now())}))
	k.state(free, touch.StateDelivered)
	k.state(held, touch.StateDue)
	k.feed(bulk, 0)
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.state(held, touch.StateSent)
}

// testSettleMerges: a receipt overtakes the vendor's answer.
func testSettleMerges(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.take(bulk, 1)
	k.intend(seg)
	got, err := k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	if !got[0].Known || !got[0].Changed || got[0].After.State != touch.StateDelivered || got[0].After.Segment != seg.Ref.Segment {
		k.Fatalf("%+v", got[0])
	}
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	v := k.state(n, touch.StateDelivered, touch.EventAccepted, touch.EventDelivered, touch.EventSent)
	if v.Progress.Provider != "p1" || len(v.Progress.Contacts) != 1 || v.Progress.Contacts[0].Kind != touch.ContactDelivered {
		k.Fatalf("%+v", v.Progress)
	}
	// A failure overtakes: the touch goes on with the next leg.
	m := k.touch()
	k.accept(m)
	seg = k.take(bulk, 1)
	k.intend(seg)
	_, err = k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(m.Touch.ID, 0), Kind: touch.ReceiptFailed, Reason: "x"}}, k.now())
	k.must(err)
	k.feed("push.bulk", 0) // still in the worker's hands
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0])}))
	k.state(m, touch.StateDue, touch.EventAccepted, touch.EventUndelivered, touch.EventFallback, touch.EventSent)
	k.deliver("push.bulk", 1)
	k.state(m, touch.StateSent)
}

// testSettleLateReport: a report of an earlier leg comes while the next one is
// being sent: what was sent must not stay due.
func testSettleLateReport(k *kit) {
	n := k.touch()
	k.accept(n)
	seg := k.take(bulk, 1)
	tr := k.sent(seg.Touches[0])
	tr.Due, tr.Lane = k.now().Add(time.Minute), "push.bulk"
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	k.pass(time.Minute)
	seg = k.take("push.bulk", 1)
	c := seg.Touches[0]
	tr = ledger.Transition{Seq: c.Progress.Seq, Version: c.Progress.Version, To: touch.StateDue, Leg: 1, Keep: true, Lane: "push.bulk"}
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{tr}))
	c.Progress = k.view(n).Progress
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	if dropped, err := k.Work.Intend(k.ctx, seg.Ref, fence, []ledger.Intent{k.intent(c)}); err != nil || len(dropped) > 0 {
		k.Fatal(dropped, err)
	}
	_, err = k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptFailed}}, k.now())
	k.must(err)
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(c)}))
	v := k.state(n, touch.StateSent)
	if v.Progress.Leg != 1 || len(v.Progress.Contacts) != 2 {
		k.Fatalf("%+v", v.Progress)
	}
	k.feed("push.bulk", 0)
	k.feed(bulk, 0)
}

func testUnconfirm(k *kit) {
	a, b, timed := k.touch(), k.touch(), k.touch()
	k.accept(a, b, timed)
	seg := k.take(bulk, 3)
	trs := []ledger.Transition{k.sent(seg.Touches[0]), k.sent(seg.Touches[1]), k.sent(seg.Touches[2])}
	trs[1].To = touch.StateUnknown
	trs[2].Due = k.now().Add(10 * time.Hour)
	k.must(k.Work.Apply(k.ctx, seg.Ref, trs))
	heard := k.touch()
	k.accept(heard)
	k.deliver(bulk, 1)
	_, err := k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(heard.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	sent := k.now()
	k.pass(time.Hour)
	n, err := k.Recovery.ExpireUnconfirmed(k.ctx, sent, k.now(), 10)
	k.must(err)
	k.equal(n, 0)
	n, err = k.Recovery.ExpireUnconfirmed(k.ctx, sent.Add(time.Second), k.now(), 10)
	k.must(err)
	k.equal(n, 2)
	k.state(a, touch.StateUnconfirmed, touch.EventAccepted, touch.EventSent, touch.EventUnconfirmed)
	k.state(b, touch.StateUnconfirmed)
	k.state(timed, touch.StateSent)
	k.state(heard, touch.StateDelivered)
	n, err = k.Recovery.ExpireUnconfirmed(k.ctx, sent.Add(time.Second), k.now(), 10)
	k.must(err)
	k.equal(n, 0)
	// A receipt still corrects it.
	_, err = k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(a.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
	k.must(err)
	k.state(a, touch.StateDelivered)
	k.recount()
}

// recount insists that the counts of all campaigns equal what a listing shows.
func (k *kit) recount() {
	k.Helper()
	type line struct {
		caller, campaign string
		state            touch.State
		reason           string
	}
	seen := map[line]int64{}
	for after := int64(0); ; {
		views, next, err := k.Touches.List(k.ctx, ledger.TouchFilter{After: after, Limit: 7})
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
		view, err := k.Campaigns.Get(k.ctx, ref.Caller, ref.Campaign)
		k.must(err)
		for _, c := range view.Counts {
			l := line{ref.Caller, ref.Campaign, c.State, c.Reason}
			if seen[l] != c.Count {
				k.Fatalf("%+v counts %d, want %d", l, c.Count, seen[l])
			}
			delete(seen, l)
		}
	}
	if len(seen) > 0 {
		k.Fatalf("not counted: %v", seen)
	}
}
