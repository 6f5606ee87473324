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

// purge purges all pages, and fails unless want touches were removed.
func (k *kit) purge(before time.Time, want int) {
	k.t.Helper()
	got, after := 0, int64(0)
	for range 1000 {
		n, next, err := k.ledger.Retention.Purge(k.ctx, before, after, 3, k.now())
		k.must(err)
		got += n
		if after = next; next == 0 {
			break
		}
	}
	if got != want {
		k.t.Fatalf("%d touches purged, want %d", got, want)
	}
}

// testPurge removes touches that are over and old. A touch stays if it waits, had
// a contact since, or came later; the campaign's counts stay too.
func testPurge(k *kit) {
	customer := func(i int) func(*ledger.NewTouch) {
		return func(n *ledger.NewTouch) { n.Touch.Customer = fmt.Sprint("c", i) }
	}
	over, waiting := k.touches(7, customer(1)), k.touch(customer(2), func(n *ledger.NewTouch) { n.Due = k.now().Add(1000 * time.Hour) })
	k.accept(over...)
	k.accept(waiting)
	k.deliver(bulk, 7)
	for _, n := range over {
		k.receive(touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered, At: k.now()})
	}
	late := k.touch(customer(3), func(n *ledger.NewTouch) { n.Due = k.now().Add(time.Hour) })
	k.accept(late) // accepted before the bound, contacted after it
	k.advance(time.Hour)
	bound := k.now()
	young := k.touch(customer(4))
	k.accept(young)
	k.deliver(bulk, 2)
	for _, n := range []ledger.NewTouch{late, young} {
		k.receive(touch.Receipt{Dispatch: touch.DispatchID(n.Touch.ID, 0), Kind: touch.ReceiptDelivered, At: k.now()})
	}
	before, err := k.ledger.Campaigns.Get(k.ctx, "acme", over[0].Touch.Campaign)
	k.must(err)
	k.purge(bound, 7)
	k.purge(bound, 0)
	for _, n := range over {
		_, err := k.ledger.Touches.Get(k.ctx, "", n.Touch.ID)
		k.wantClass(touch.NotFound, err)
	}
	for _, n := range []ledger.NewTouch{waiting, late, young} {
		if v := k.view(n); len(v.Events) == 0 {
			k.t.Errorf("%s lost its history", n.Touch.Key)
		}
	}
	past, err := k.ledger.Contacts.Since(k.ctx, []string{"c1", "c3", "c4"}, time.Time{})
	k.must(err)
	if len(past["c1"]) != 0 || len(past["c3"]) != 1 || len(past["c4"]) != 1 {
		k.t.Errorf("contacts %+v", past)
	}
	after, err := k.ledger.Campaigns.Get(k.ctx, "acme", over[0].Touch.Campaign)
	k.must(err)
	k.wantEqual(after, before)
	// A late receipt finds no touch.
	got := k.receive(touch.Receipt{Dispatch: touch.DispatchID(over[0].Touch.ID, 0), Kind: touch.ReceiptRead, At: k.now()})
	if got[0].Known {
		k.t.Error("a receipt found a touch that is gone")
	}
	k.verifyJournal()
	k.advance(1000 * time.Hour)
	k.feedAndClaim(bulk, 1) // the waiting touch goes on
}

// testPurgeKeepsOpenTasks: a task that somebody still has to do keeps its touch.
func testPurgeKeepsOpenTasks(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) { n.Touch.Plan = []touch.Leg{{Channel: touch.RMTask, Title: "call"}} })
	k.accept(n)
	k.deliver(bulk, 1)
	id := touch.DispatchID(n.Touch.ID, 0)
	item := touch.Item{ID: id, Channel: touch.RMTask, Customer: n.Touch.Customer, State: touch.TaskOpen, CreatedAt: k.now()}
	k.must(k.ledger.Items.Put(k.ctx, []touch.Item{item}))
	k.receive(touch.Receipt{Dispatch: id, Kind: touch.ReceiptDelivered, At: k.now()})
	k.advance(time.Hour)
	k.purge(k.now(), 0)
	stored, err := k.ledger.Items.Get(k.ctx, id)
	k.must(err)
	stored.State = touch.TaskCompleted
	k.must(k.ledger.Items.Update(k.ctx, *stored))
	k.purge(k.now(), 1)
	_, err = k.ledger.Items.Get(k.ctx, id)
	k.wantClass(touch.NotFound, err)
}

// testTruncateJournal: what remains is a whole chain that is bound to the hash of
// what is gone.
func testTruncateJournal(k *kit) {
	log := func(n int) {
		for i := range n {
			k.must(k.ledger.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: fmt.Sprint(i), Owner: "Ann", Reason: "storm"}, "k", k.now()))
		}
	}
	log(20)
	old, err := audit.Check(k.ctx, k.ledger.Journal, nil, nil)
	k.must(err)
	k.advance(time.Hour)
	bound := k.now()
	log(5)
	for _, want := range []int{8, 8, 4, 0} {
		n, err := k.ledger.Retention.TruncateJournal(k.ctx, bound, 8, k.now())
		k.must(err)
		if n != want {
			k.t.Fatalf("%d records removed, want %d", n, want)
		}
	}
	head, err := audit.Check(k.ctx, k.ledger.Journal, nil, nil)
	k.must(err)
	if head.Records != 8 || head.Pos != 28 { // 5, and an event for each of 3 truncations
		k.t.Fatalf("%+v", head)
	}
	last, err := k.ledger.Journal.Truncation(k.ctx)
	k.must(err)
	if last.Pos != 20 || fmt.Sprintf("%x", last.Hash) != old.Hash {
		k.t.Fatalf("truncated at %d with %x, want 20 with %s", last.Pos, last.Hash, old.Hash)
	}
	_, err = audit.Check(k.ctx, k.ledger.Journal, &audit.Noted{Pos: 20, Hash: old.Hash}, nil)
	k.must(err)
	_, err = audit.Check(k.ctx, k.ledger.Journal, &audit.Noted{Pos: 20, Hash: strings.Repeat("0", 64)}, nil)
	k.wantClass(touch.Invalid, err)
	_, err = audit.Check(k.ctx, k.ledger.Journal, &audit.Noted{Pos: 3, Hash: old.Hash}, nil)
	k.wantClass(touch.Invalid, err)
	events, err := k.ledger.Events.List(k.ctx, "", 5<<12, 100)
	k.must(err)
	if len(events) != 8 {
		k.t.Fatalf("%d events after the truncation: %+v", len(events), events)
	}
	first, ok := journal.ParseTruncation(&events[5])
	if !ok || first.Pos != 8 || len(first.Hash) != 32 {
		k.t.Fatalf("the event of the first truncation is %+v", events[5])
	}
	want := fmt.Sprintf("journal cut: records up to 8 are removed, the last had the hash %x", first.Hash)
	if events[5].Reason != want || events[5].Kind != touch.EventControl || events[5].Actor != "retention" {
		k.t.Fatalf("the event of the first truncation is %+v, want the reason %q", events[5], want)
	}
}
