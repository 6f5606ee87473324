package ledgertest

import (
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testEventIndex: among many records of one caller, another finds its few
// events, also after each of them and in pages of any size.
func testEventIndex(k *kit) {
	rare := func(n *ledger.NewTouch) { n.Touch.Caller, n.Touch.ID = "rare", touch.NewID("rare", n.Touch.Key) }
	for i := range 600 {
		if i == 3 || i == 255 || i == 256 || i == 590 {
			k.accept(k.touch(rare))
		}
		k.accept(k.touch())
	}
	all, err := k.ledger.Events.List(k.ctx, "", 0, 10_000)
	k.must(err)
	for _, caller := range []string{"rare", "acme", "nobody"} {
		want := slices.DeleteFunc(slices.Clone(all), func(e touch.Event) bool { return e.Caller != caller })
		for _, size := range []int{1, 7, 1000} {
			var got []touch.Event
			for after := int64(0); ; after = got[len(got)-1].Seq {
				page, err := k.ledger.Events.List(k.ctx, caller, after, size)
				k.must(err)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
			}
			if len(got) != len(want) {
				k.t.Fatalf("%s in pages of %d: %d events, want %d", caller, size, len(got), len(want))
			}
		}
	}

	backlog, err := k.ledger.EventIndex.Backlog(k.ctx, "acme", nil, 0, 100)
	k.must(err)
	k.wantEqual(backlog, ledger.Backlog{Events: 100, Oldest: k.now(), More: true})
	backlog, err = k.ledger.EventIndex.Backlog(k.ctx, "rare", []touch.EventKind{touch.EventAccepted}, 0, 100)
	k.must(err)
	k.wantEqual(backlog, ledger.Backlog{Events: 4, Oldest: k.now()})
	backlog, err = k.ledger.EventIndex.Backlog(k.ctx, "rare", []touch.EventKind{touch.EventSent}, 0, 100)
	k.must(err)
	k.wantEqual(backlog, ledger.Backlog{})
}

// testActivity tells who has new events, and misses nobody.
func testActivity(k *kit) {
	callers := []string{"acme", "other", "quiet"}
	other := func(n *ledger.NewTouch) { n.Touch.Caller, n.Touch.ID = "other", touch.NewID("other", n.Touch.Key) }
	k.accept(k.touch())
	active, pos, err := k.ledger.EventIndex.Active(k.ctx, callers, 0)
	k.must(err)
	k.wantEqual(active, []string{"acme"})
	active, same, err := k.ledger.EventIndex.Active(k.ctx, callers, pos)
	k.must(err)
	k.wantEqual(len(active), 0)
	k.wantEqual(same, pos)
	k.accept(k.touch(other))
	active, _, err = k.ledger.EventIndex.Active(k.ctx, callers, pos)
	k.must(err)
	k.wantEqual(active, []string{"other"})
}
