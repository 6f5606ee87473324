package ledgertest

import (
	"fmt"
	"strings"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/ledger/journal"
	"touchgate.dev/touch"
)

// forget removes everything that is past, page by page.
func (k *kit) forget(before time.Time, want int) {
	k.Helper()
	got, after := 0, int64(0)
	for range 1000 {
		n, next, err := k.Retention.Purge(k.ctx, before, after, 3, k.now())
		k.must(err)
		got += n
		if after = next; next == 0 {
			break
		}
	}
	if got != want {
		k.Fatalf("%d touches forgotten, want %d", got, want)
	}
}

// testForget: what is over and past goes; what lives, was contacted since, or
// came later stays, and so does what is counted of it.
func testForget(k *kit) {
	tenth := func(i int) func(*ledger.NewTouch) {
		return func(n *ledger.NewTouch) { n.Touch.Customer = fmt.Sprint("c", i) }
	}
	over, waiting := k.touches(7, tenth(1)), k.touch(tenth(2), func(n *ledger.NewTouch) { n.Due = k.now().Add(1000 * time.Hour) })
	k.accept(over...)
	k.accept(waiting)
	k.deliver(bulk, 7)
	for _, n := range over {
		k.receive(touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered, At: k.now()})
	}
	late := k.touch(tenth(3), func(n *ledger.NewTouch) { n.Due = k.now().Add(time.Hour) })
	k.accept(late) // accepted before the bound, contacted after it
	k.pass(time.Hour)
	bound := k.now()
	young := k.touch(tenth(4))
	k.accept(young)
	k.deliver(bulk, 2)
	for _, n := range []ledger.NewTouch{late, young} {
		k.receive(touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered, At: k.now()})
	}
	before, err := k.Campaigns.Get(k.ctx, "acme", over[0].Touch.Campaign)
	k.must(err)
	k.forget(bound, 7)
	k.forget(bound, 0)
	for _, n := range over {
		_, err := k.Touches.Get(k.ctx, "", n.Touch.ID)
		k.class(touch.NotFound, err)
	}
	for _, n := range []ledger.NewTouch{waiting, late, young} {
		if v := k.view(n); len(v.Events) == 0 {
			k.Errorf("%s lost its history", n.Touch.Key)
		}
	}
	past, err := k.Contacts.Since(k.ctx, []string{"c1", "c3", "c4"}, time.Time{})
	k.must(err)
	if len(past["c1"]) != 0 || len(past["c3"]) != 1 || len(past["c4"]) != 1 {
		k.Errorf("contacts %+v", past)
	}
	after, err := k.Campaigns.Get(k.ctx, "acme", over[0].Touch.Campaign)
	k.must(err)
	k.equal(after, before)
	// A receipt that comes now is of nobody.
	got := k.receive(touch.Receipt{Dispatch: touch.DispatchID(over[0].Touch.ID, 0), Kind: touch.ReceiptRead, At: k.now()})
	if got[0].Known {
		k.Error("a receipt found a touch that is gone")
	}
	k.verify()
	k.pass(1000 * time.Hour)
	k.take(bulk, 1) // what waited goes on
}

// testForgetSparesTasks: one that somebody still has to do keeps its touch.
func testForgetSparesTasks(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) { n.Touch.Plan = []touch.Leg{{Channel: touch.RMTask, Title: "call"}} })
	k.accept(n)
	k.deliver(bulk, 1)
	id := touch.DispatchID(n.Touch.ID, 0)
	item := touch.Item{ID: id, Channel: touch.RMTask, Customer: n.Touch.Customer, State: touch.TaskOpen, CreatedAt: k.now()}
	k.must(k.Items.Put(k.ctx, []touch.Item{item}))
	k.receive(touch.Receipt{Dispatch: id, Kind: touch.ReceiptDelivered, At: k.now()})
	k.pass(time.Hour)
	k.forget(k.now(), 0)
	stored, err := k.Items.Get(k.ctx, id)
	k.must(err)
	stored.State = touch.TaskCompleted
	k.must(k.Items.Update(k.ctx, *stored))
	k.forget(k.now(), 1)
	_, err = k.Items.Get(k.ctx, id)
	k.class(touch.NotFound, err)
}

// testCutJournal: what is left after a cut is still a whole chain, bound to
// what is gone, and the feed goes on.
func testCutJournal(k *kit) {
	stop := func(n int) {
		for i := range n {
			k.must(k.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: fmt.Sprint(i), Owner: "Ann", Reason: "storm"}, "k", k.now()))
		}
	}
	stop(20)
	old, err := audit.Check(k.ctx, k.Ledger.Journal, nil, nil)
	k.must(err)
	k.pass(time.Hour)
	bound := k.now()
	stop(5)
	for _, want := range []int{8, 8, 4, 0} {
		n, err := k.Retention.TruncateJournal(k.ctx, bound, 8, k.now())
		k.must(err)
		if n != want {
			k.Fatalf("%d records cut, want %d", n, want)
		}
	}
	head, err := audit.Check(k.ctx, k.Ledger.Journal, nil, nil)
	k.must(err)
	if head.Records != 8 || head.Pos != 28 { // 5, and 3 that tell of the cuts
		k.Fatalf("%+v", head)
	}
	last, err := k.Journal.Truncation(k.ctx)
	k.must(err)
	if last.Pos != 20 || fmt.Sprintf("%x", last.Hash) != old.Hash {
		k.Fatalf("cut at %d with %x, want 20 with %s", last.Pos, last.Hash, old.Hash)
	}
	_, err = audit.Check(k.ctx, k.Ledger.Journal, &audit.Noted{Pos: 20, Hash: old.Hash}, nil)
	k.must(err)
	_, err = audit.Check(k.ctx, k.Ledger.Journal, &audit.Noted{Pos: 20, Hash: strings.Repeat("0", 64)}, nil)
	k.class(touch.Invalid, err)
	_, err = audit.Check(k.ctx, k.Ledger.Journal, &audit.Noted{Pos: 3, Hash: old.Hash}, nil)
	k.class(touch.Invalid, err)
	events, err := k.Events.List(k.ctx, "", 5<<12, 100)
	k.must(err)
	if len(events) != 8 {
		k.Fatalf("%d events after the cut: %+v", len(events), events)
	}
	first, ok := journal.ParseTruncation(&events[5])
	if !ok || first.Pos != 8 || len(first.Hash) != 32 {
		k.Fatalf("the event of the first cut is %+v", events[5])
	}
	want := fmt.Sprintf("journal cut: records up to 8 are removed, the last had the hash %x", first.Hash)
	if events[5].Reason != want || events[5].Kind != touch.EventControl || events[5].Actor != "retention" {
		k.Fatalf("the event of the first cut is %+v, want the reason %q", events[5], want)
	}
}
