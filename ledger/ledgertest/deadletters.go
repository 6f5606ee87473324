package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// deadLetter accepts touches and ends them as dead letters: surely unsent, or
// perhaps sent.
func (k *kit) deadLetter(perhapsSent bool, all ...ledger.NewTouch) {
	k.t.Helper()
	k.accept(all...)
	seg := k.feedAndClaim(bulk, len(all))
	trs := make([]ledger.Transition, len(all))
	for i, c := range seg.Touches {
		trs[i] = k.retry(c, time.Time{})
		trs[i].To = touch.StateDead
		trs[i].Reason = "crashed_workers"
		trs[i].Events = []touch.Event{k.event(c, touch.EventDead, touch.StateDead)}
		if perhapsSent {
			trs[i].Provider, trs[i].Contact = "acme-sms", &ledger.Contact{Channel: touch.SMS, At: k.now()}
		}
	}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, trs))
}

func testListDeadLetters(k *kit) {
	mine, other := k.touches(3), k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "other" })
	k.deadLetter(false, mine...)
	k.advance(time.Hour)
	k.deadLetter(true, other)
	for _, c := range []struct {
		name string
		f    ledger.DeadLetterFilter
		want int
	}{
		{"all", ledger.DeadLetterFilter{}, 4},
		{"campaign", ledger.DeadLetterFilter{Campaign: "other"}, 1},
		{"caller", ledger.DeadLetterFilter{Caller: "nobody"}, 0},
		{"reason", ledger.DeadLetterFilter{Reason: "crashed_workers"}, 4},
		{"another reason", ledger.DeadLetterFilter{Reason: "x"}, 0},
		{"channel", ledger.DeadLetterFilter{Channel: touch.SMS}, 4},
		{"another channel", ledger.DeadLetterFilter{Channel: touch.Push}, 0},
		{"since", ledger.DeadLetterFilter{Since: k.now()}, 1},
		{"touch", ledger.DeadLetterFilter{Touch: mine[1].Touch.ID}, 1},
	} {
		found, next, err := k.ledger.DeadLetters.List(k.ctx, c.f)
		k.must(err)
		if len(found) != c.want || next != 0 {
			k.t.Errorf("%s: %d found, next %d, want %d", c.name, len(found), next, c.want)
		}
	}
	found, next, err := k.ledger.DeadLetters.List(k.ctx, ledger.DeadLetterFilter{Limit: 3})
	k.must(err)
	if len(found) != 3 || next == 0 || found[0].Sent || !found[0].At.Equal(k.now().Add(-time.Hour)) {
		k.t.Fatalf("%+v, next %d", found, next)
	}
	found, next, err = k.ledger.DeadLetters.List(k.ctx, ledger.DeadLetterFilter{Limit: 3, After: next})
	k.must(err)
	if len(found) != 1 || next != 0 || !found[0].Sent || found[0].Touch.ID != other.Touch.ID {
		k.t.Fatalf("%+v, next %d", found, next)
	}
}

// testRedrive: a touch that surely was not sent becomes due; of one that may have
// been sent the vendor is asked; an expired one stays. Each moves once.
func testRedrive(k *kit) {
	unsent, sent := k.touch(), k.touch()
	soon := k.now().Add(time.Minute)
	expiring := k.touch(func(n *ledger.NewTouch) { n.Touch.ExpiresAt = &soon })
	k.deadLetter(false, unsent, expiring)
	k.deadLetter(true, sent)
	k.advance(time.Hour)
	want := ledger.Redriven{Due: 1, Asked: 1, Expired: 1}
	n, _, err := k.ledger.DeadLetters.Redrive(k.ctx, ledger.DeadLetterFilter{}, true, "ops", k.now())
	k.must(err)
	k.wantEqual(n, want)
	k.feed(bulk, 0) // the dry run moved nothing
	n, _, err = k.ledger.DeadLetters.Redrive(k.ctx, ledger.DeadLetterFilter{}, false, "ops", k.now())
	k.must(err)
	k.wantEqual(n, want)
	n, _, err = k.ledger.DeadLetters.Redrive(k.ctx, ledger.DeadLetterFilter{}, false, "ops", k.now())
	k.must(err)
	k.wantEqual(n, ledger.Redriven{Expired: 1})
	v := k.wantState(unsent, touch.StateDue, touch.EventAccepted, touch.EventDead, touch.EventRetry)
	if e := v.Events[2]; e.Actor != "ops" || e.Reason != "redriven" || e.Customer != unsent.Touch.Customer {
		k.t.Errorf("%+v", e)
	}
	v = k.wantState(sent, touch.StateUnknown, touch.EventAccepted, touch.EventDead, touch.EventUnknown)
	if p := v.Progress; len(p.Contacts) != 1 || p.Provider != "acme-sms" || p.Attempts != 0 {
		k.t.Errorf("%+v", p)
	}
	k.wantState(expiring, touch.StateDead, touch.EventAccepted, touch.EventDead)
	k.feedAndClaim(bulk, 2)
	events, err := k.ledger.Events.List(k.ctx, "", 0, 100)
	k.must(err)
	last := events[len(events)-1]
	if last.Kind != touch.EventControl || last.Actor != "ops" || last.Reason != "redrive: 1 due, 1 asked" {
		k.t.Errorf("the event is %+v", last)
	}
	k.wantCounts()
}

// testRedriveAfterReceipt: a dead letter that a receipt has revived is left alone.
func testRedriveAfterReceipt(k *kit) {
	n := k.touch()
	k.deadLetter(true, n)
	k.receive(touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered, At: k.now()})
	got, _, err := k.ledger.DeadLetters.Redrive(k.ctx, ledger.DeadLetterFilter{}, false, "ops", k.now())
	k.must(err)
	k.wantEqual(got, ledger.Redriven{})
	k.wantState(n, touch.StateDelivered)
}
