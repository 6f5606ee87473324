package ledgertest

import (
	"errors"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// claimUrgent is the claim of worker w1 on the touches of a batch that go by
// urgent SMS. sends are the indexes of those that it is about to send.
func claimUrgent(k *kit, sends ...int) ledger.Claim {
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	claim := ledger.Claim{Worker: "w1", Lanes: []string{"sms.urgent"}, Until: k.now().Add(lease), ControlVersion: version, Intents: map[int]ledger.Intent{}}
	for _, i := range sends {
		claim.Intents[i] = ledger.Intent{Attempt: 1, Provider: "p1", At: k.now()}
	}
	return claim
}

// testAcceptAndClaim: the claimed segment is as Claim and Intend would have left
// it.
func testAcceptAndClaim(k *kit) {
	a := k.touch(urgentOn("sms.urgent"))
	b := k.touch(urgentOn("push.urgent"))
	c := k.touch(urgentOn("sms.urgent"))
	answers, claimed, refs, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{c, k.touch(), b, a}, claimUrgent(k, 3))
	k.must(err)
	for i, got := range answers {
		if !got.New || got.State != touch.StateDue {
			k.t.Fatalf("answer %d: %+v", i, got)
		}
	}
	if len(refs) != 1 || refs[0].Lane != "push.urgent" || len(claimed) != 1 || claimed[0].Ref.Lane != "sms.urgent" {
		k.t.Fatalf("claimed %+v, to be enqueued %+v", claimed, refs)
	}
	seg := claimed[0]
	if len(seg.Touches) != 2 || seg.Touches[0].Touch.ID != c.Touch.ID || seg.Touches[1].Touch.ID != a.Touch.ID {
		k.t.Fatalf("%+v", seg)
	}
	_, err = k.ledger.Work.Claim(k.ctx, seg.Ref, "w2", k.now(), k.now().Add(lease))
	k.wantClass(touch.Conflict, err)
	k.wantClass(touch.Conflict, k.ledger.Work.Renew(k.ctx, seg.Ref, "w2", k.now().Add(lease)))
	k.must(k.ledger.Work.Renew(k.ctx, seg.Ref, "w1", k.now().Add(lease)))
	k.feed("sms.urgent", 0)
	if refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-time.Hour), 10); err != nil || len(refs) > 0 {
		k.t.Fatal("a leased segment was reclaimed", refs, err)
	}
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", a.Touch.ID, "me", k.now())
	k.wantClass(touch.Conflict, err) // being sent
	// The worker dies.
	k.advance(2 * lease)
	found, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-time.Hour), 10)
	k.must(err)
	if len(found) != 1 || found[0].Epoch != seg.Ref.Epoch+1 {
		k.t.Fatalf("reclaimed %+v", found)
	}
	k.wantClass(touch.Conflict, k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[1])}))
	again := k.claim(found[0])
	if again.Crashes != 1 || len(again.Touches) != 2 || again.Touches[0].Intent != nil || again.Touches[1].Intent == nil {
		k.t.Fatalf("%+v", again)
	}
	k.wantEqual(*again.Touches[1].Intent, ledger.Intent{
		Seq: seg.Touches[1].Progress.Seq, Version: seg.Touches[1].Progress.Version, Attempt: 1, Provider: "p1", At: k.now().Add(-2 * lease),
	})
	again.Touches[1].Intent = nil
	k.wantEqual(again.Touches, seg.Touches)
}

// testAcceptAndClaimThenApply: the worker goes on without Claim, and without
// Intend for what it declared.
func testAcceptAndClaimThenApply(k *kit) {
	a := k.touch(urgentOn("sms.urgent"))
	b := k.touch(urgentOn("sms.urgent"))
	c := k.touch(urgentOn("sms.urgent"))
	_, claimed, _, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{a, b, c}, claimUrgent(k, 0))
	k.must(err)
	seg := claimed[0]
	_, err = k.ledger.Touches.Cancel(k.ctx, "acme", b.Touch.ID, "me", k.now())
	k.must(err) // not being sent yet
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	dropped, err := k.ledger.Work.Intend(k.ctx, seg.Ref, version, []ledger.Intent{k.intent(seg.Touches[1]), k.intent(seg.Touches[2])})
	k.must(err)
	k.wantEqual(dropped, []int{0})
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, []ledger.Transition{k.sent(seg.Touches[0]), {Seq: seg.Touches[1].Progress.Seq}, k.sent(seg.Touches[2])}))
	k.wantState(a, touch.StateSent, touch.EventAccepted, touch.EventSent)
	k.wantState(b, touch.StateCancelled, touch.EventAccepted, touch.EventCancelled)
	k.wantState(c, touch.StateSent, touch.EventAccepted, touch.EventSent)
	if open, err := k.ledger.Work.OpenSegments(k.ctx, "sms.urgent"); err != nil || open != 0 {
		k.t.Fatal(open, err)
	}
	k.wantCounts()
}

// testAcceptAndClaimAgain: the worker gets only new touches, each once.
func testAcceptAndClaimAgain(k *kit) {
	a, b := k.touch(urgentOn("sms.urgent")), k.touch(urgentOn("sms.urgent"))
	_, claimed, _, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{a}, claimUrgent(k, 0))
	k.must(err)
	k.must(k.ledger.Work.Apply(k.ctx, claimed[0].Ref, []ledger.Transition{k.sent(claimed[0].Touches[0])}))
	answers, claimed, refs, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{a}, claimUrgent(k, 0))
	k.must(err)
	k.wantEqual(answers, []ledger.Accepted{{Same: true, State: touch.StateSent}})
	k.wantEqual([]int{len(claimed), len(refs)}, []int{0, 0})
	answers, claimed, _, err = k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{b, a, b}, claimUrgent(k, 0, 1, 2))
	k.must(err)
	k.wantEqual([]bool{answers[0].New, answers[1].New, answers[2].New}, []bool{true, false, false})
	if len(claimed) != 1 || len(claimed[0].Touches) != 1 || claimed[0].Touches[0].Touch.ID != b.Touch.ID {
		k.t.Fatalf("%+v", claimed)
	}
	answers, claimed, refs, err = k.ledger.Intake.AcceptAndClaim(k.ctx, nil, claimUrgent(k))
	k.must(err)
	k.wantEqual([]int{len(answers), len(claimed), len(refs)}, []int{0, 0, 0})
	claim := claimUrgent(k, 0)
	claim.Worker = ""
	_, _, _, err = k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{k.touch(urgentOn("sms.urgent"))}, claim)
	k.wantClass(touch.Invalid, err)
}

// testAcceptAndClaimControlChanged: touches that were judged under an older
// control version are not stored.
func testAcceptAndClaimControlChanged(k *kit) {
	n := k.touch(urgentOn("sms.urgent"))
	claim := claimUrgent(k, 0)
	k.must(k.ledger.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: "s1", Since: k.now()}, "me", k.now()))
	if _, _, _, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{n}, claim); !errors.Is(err, ledger.ErrControlChanged) {
		k.t.Fatalf("under an older control version: %v", err)
	}
	_, err := k.ledger.Touches.Get(k.ctx, "", n.Touch.ID)
	k.wantClass(touch.NotFound, err)
	if open, err := k.ledger.Work.OpenSegments(k.ctx, "sms.urgent"); err != nil || open != 0 {
		k.t.Fatal(open, err)
	}
	if _, claimed, _, err := k.ledger.Intake.AcceptAndClaim(k.ctx, []ledger.NewTouch{n}, claimUrgent(k, 0)); err != nil || len(claimed) != 1 {
		k.t.Fatal(claimed, err)
	}
}
