package ledgertest

import (
	"errors"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// urgentOn makes a touch that is to be enqueued at once on a lane.
func urgentOn(lane string) func(*ledger.NewTouch) {
	return func(n *ledger.NewTouch) { n.Enqueue, n.Lane, n.Touch.Category = true, lane, touch.Transactional }
}

// hold is what worker w1 says as it accepts into its own hands what goes by
// urgent SMS; sends are the indexes of what it means to send.
func (k *kit) hold(sends ...int) ledger.Claim {
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	h := ledger.Claim{Worker: "w1", Lanes: []string{"sms.urgent"}, Until: k.now().Add(lease), ControlVersion: fence, Intents: map[int]ledger.Intent{}}
	for _, i := range sends {
		h.Intents[i] = ledger.Intent{Attempt: 1, Provider: "p1", At: k.now()}
	}
	return h
}

// testAcceptHeld: a segment that was accepted into a worker's hands is what
// claim and intent would have made of it.
func testAcceptHeld(k *kit) {
	a, b, c := k.touch(urgentOn("sms.urgent")), k.touch(urgentOn("push.urgent")), k.touch(urgentOn("sms.urgent"))
	answers, held, refs, err := k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{c, k.touch(), b, a}, k.hold(3))
	k.must(err)
	for i, got := range answers {
		if !got.New || got.State != touch.StateDue {
			k.Fatalf("answer %d: %+v", i, got)
		}
	}
	if len(refs) != 1 || refs[0].Lane != "push.urgent" || len(held) != 1 || held[0].Ref.Lane != "sms.urgent" {
		k.Fatalf("held %+v, to be enqueued %+v", held, refs)
	}
	seg := held[0]
	if len(seg.Touches) != 2 || seg.Touches[0].Touch.ID != c.Touch.ID || seg.Touches[1].Touch.ID != a.Touch.ID {
		k.Fatalf("%+v", seg)
	}
	_, err = k.Work.Claim(k.ctx, seg.Ref, "w2", k.now(), k.now().Add(lease))
	k.class(touch.Conflict, err)
	k.class(touch.Conflict, k.Work.Renew(k.ctx, seg.Ref, "w2", k.now().Add(lease)))
	k.must(k.Work.Renew(k.ctx, seg.Ref, "w1", k.now().Add(lease)))
	k.feed("sms.urgent", 0)
	if refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-time.Hour), 10); err != nil || len(refs) > 0 {
		k.Fatal("a held segment was recovered", refs, err)
	}
	_, err = k.Touches.Cancel(k.ctx, "acme", a.Touch.ID, "me", k.now())
	k.class(touch.Conflict, err) // being sent
	// Its worker dies.
	k.pass(2 * lease)
	found, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-time.Hour), 10)
	k.must(err)
	if len(found) != 1 || found[0].Epoch != seg.Ref.Epoch+1 {
		k.Fatalf("recovered %+v", found)
	}
	k.class(touch.Conflict, k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[1])}))
	again := k.claim(found[0])
	if again.Crashes != 1 || len(again.Touches) != 2 || again.Touches[0].Intent != nil || again.Touches[1].Intent == nil {
		k.Fatalf("%+v", again)
	}
	k.equal(*again.Touches[1].Intent, ledger.Intent{
		Seq: seg.Touches[1].Progress.Seq, Version: seg.Touches[1].Progress.Version, Attempt: 1, Provider: "p1", At: k.now().Add(-2 * lease),
	})
	again.Touches[1].Intent = nil
	k.equal(again.Touches, seg.Touches)
}

// testAcceptHeldSettled: who accepted goes on without a claim or an intent.
func testAcceptHeldSettled(k *kit) {
	a, b, c := k.touch(urgentOn("sms.urgent")), k.touch(urgentOn("sms.urgent")), k.touch(urgentOn("sms.urgent"))
	_, held, _, err := k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{a, b, c}, k.hold(0))
	k.must(err)
	seg := held[0]
	_, err = k.Touches.Cancel(k.ctx, "acme", b.Touch.ID, "me", k.now())
	k.must(err) // not being sent yet
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	dropped, err := k.Work.Intend(k.ctx, seg.Ref, fence, []ledger.Intent{k.intent(seg.Touches[1]), k.intent(seg.Touches[2])})
	k.must(err)
	k.equal(dropped, []int{0})
	k.must(k.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0]), {Seq: seg.Touches[1].Progress.Seq}, k.sent(seg.Touches[2])}))
	k.state(a, touch.StateSent, touch.EventAccepted, touch.EventSent)
	k.state(b, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	k.state(c, touch.StateSent, touch.EventAccepted, touch.EventSent)
	if open, err := k.Work.OpenSegments(k.ctx, "sms.urgent"); err != nil || open != 0 {
		k.Fatal(open, err)
	}
	k.recount()
}

// testAcceptHeldAgain: only what is new comes into the worker's hands, once.
func testAcceptHeldAgain(k *kit) {
	a, b := k.touch(urgentOn("sms.urgent")), k.touch(urgentOn("sms.urgent"))
	_, held, _, err := k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{a}, k.hold(0))
	k.must(err)
	k.must(k.Work.Apply(k.ctx, held[0].Ref, []ledger.Transition{k.sent(held[0].Touches[0])}))
	answers, held, refs, err := k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{a}, k.hold(0))
	k.must(err)
	k.equal(answers, []ledger.Accepted{{Same: true, State: touch.StateSent}})
	k.equal([]int{len(held), len(refs)}, []int{0, 0})
	answers, held, _, err = k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{b, a, b}, k.hold(0, 1, 2))
	k.must(err)
	k.equal([]bool{answers[0].New, answers[1].New, answers[2].New}, []bool{true, false, false})
	if len(held) != 1 || len(held[0].Touches) != 1 || held[0].Touches[0].Touch.ID != b.Touch.ID {
		k.Fatalf("%+v", held)
	}
	answers, held, refs, err = k.Intake.AcceptAndClaim(k.ctx, nil, k.hold())
	k.must(err)
	k.equal([]int{len(answers), len(held), len(refs)}, []int{0, 0, 0})
	h := k.hold(0)
	h.Worker = ""
	_, _, _, err = k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{k.touch(urgentOn("sms.urgent"))}, h)
	k.class(touch.Invalid, err)
}

// testAcceptHeldFence: what was judged under an older fence is not stored.
func testAcceptHeldFence(k *kit) {
	n := k.touch(urgentOn("sms.urgent"))
	h := k.hold(0)
	k.must(k.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: "s1", Since: k.now()}, "me", k.now()))
	if _, _, _, err := k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{n}, h); !errors.Is(err, ledger.ErrControlChanged) {
		k.Fatalf("under an older fence: %v", err)
	}
	_, err := k.Touches.Get(k.ctx, "", n.Touch.ID)
	k.class(touch.NotFound, err)
	if open, err := k.Work.OpenSegments(k.ctx, "sms.urgent"); err != nil || open != 0 {
		k.Fatal(open, err)
	}
	if _, held, _, err := k.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{n}, k.hold(0)); err != nil || len(held) != 1 {
		k.Fatal(held, err)
	}
}
