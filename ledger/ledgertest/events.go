package ledgertest

import (
	"sync"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testEvents(k *kit) {
	k.accept(k.touches(3)...)
	other := k.touch(func(n *ledger.NewTouch) { n.Touch.Caller, n.Touch.ID = "other", touch.NewID("other", n.Touch.Key) })
	k.accept(other)
	k.deliver(bulk, 4)
	all, err := k.ledger.Events.List(k.ctx, "", 0, 100)
	k.must(err)
	if len(all) != 8 {
		k.t.Fatalf("%d events", len(all))
	}
	var paged []touch.Event
	for after := int64(0); ; {
		page, err := k.ledger.Events.List(k.ctx, "", after, 3)
		k.must(err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq <= after {
				k.t.Fatal("the events are not in order")
			}
			after = e.Seq
		}
		paged = append(paged, page...)
	}
	k.wantEqual(paged, all)
	others, err := k.ledger.Events.List(k.ctx, "other", 0, 100)
	k.must(err)
	if len(others) != 2 || others[0].Touch != other.Touch.ID || others[1].Kind != touch.EventSent {
		k.t.Fatalf("%+v", others)
	}
	if none, err := k.ledger.Events.List(k.ctx, "nobody", 0, 100); err != nil || len(none) > 0 {
		k.t.Fatal(none, err)
	}
	v := k.view(other)
	k.wantEqual(v.Events, others)
	k.verifyJournal()
}

// testEventsConcurrently: a reader that follows the events misses none that
// concurrent writers commit, and gets them in order.
func testEventsConcurrently(k *kit) {
	const writers, each = 8, 30
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if _, _, err := k.ledger.Intake.Accept(k.ctx, k.touches(3)); err != nil {
					k.t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := map[touch.ID]bool{}
	var after int64
	for last := false; ; {
		page, err := k.ledger.Events.List(k.ctx, "acme", after, 50)
		k.must(err)
		for _, e := range page {
			if e.Seq <= after || seen[e.Touch] {
				k.t.Fatalf("event %d after %d, of touch %v", e.Seq, after, e.Touch)
			}
			after, seen[e.Touch] = e.Seq, true
		}
		if len(page) > 0 {
			continue
		}
		if last {
			break
		}
		select {
		case <-done:
			last = true // read once more: events may have come meanwhile
		default:
		}
	}
	if want := writers * each * 3; len(seen) != want {
		k.t.Fatalf("the events showed %d of %d touches", len(seen), want)
	}
	k.verifyJournal()
	k.wantCounts()
}
