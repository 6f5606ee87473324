package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testPendingOf: touches above a priority are pending until they are sent, end or
// their campaign is paused.
func testPendingOf(k *kit) {
	of := func(customer string, priority int, edit func(n *ledger.NewTouch)) ledger.NewTouch {
		return k.touch(func(n *ledger.NewTouch) {
			n.Touch.Customer, n.Touch.Priority = customer, priority
			if edit != nil {
				edit(n)
			}
		})
	}
	later := func(n *ledger.NewTouch) { n.Due = k.now().Add(time.Hour) }
	equal := of("ann", 4, nil)
	sent := of("ann", 8, nil)
	high := of("ann", 6, later)
	refused := of("ann", 9, func(n *ledger.NewTouch) { n.State = touch.StateRefused })
	paused := of("ann", 9, func(n *ledger.NewTouch) { n.Touch.Campaign = "paused"; later(n) })
	bob, eve := of("bob", 5, later), of("eve", 9, later)
	k.accept(equal, sent, high, refused, paused, bob, eve)
	want := func(most int, all ...ledger.NewTouch) map[string][]ledger.TouchView {
		k.t.Helper()
		found, err := k.ledger.Touches.PendingOf(k.ctx, []string{"ann", "bob", "nobody"}, 4, most)
		k.must(err)
		n := 0
		for _, w := range all {
			for _, v := range found[w.Touch.Customer] {
				if v.Touch.ID == w.Touch.ID {
					n++
				}
			}
		}
		if n != len(all) || len(found["ann"])+len(found["bob"]) != n || len(found["eve"]) != 0 {
			k.t.Fatalf("%d of %d expected, in %+v", n, len(all), found)
		}
		return found
	}
	want(9, sent, high, paused, bob)
	want(1, paused, bob)
	k.must(k.ledger.Campaigns.SetStatus(k.ctx, "acme", "paused", ledger.CampaignPaused, "me", k.now()))
	if ann := want(9, sent, high, bob)["ann"]; ann[0].Touch.ID != sent.Touch.ID || !ann[1].Progress.Due.Equal(high.Due) {
		k.t.Fatalf("%+v", ann)
	}
	seg := k.feedAndClaim(bulk, 2)
	want(9, sent, high, bob) // a worker holds it and has not sent it
	var trs []ledger.Transition
	for _, c := range seg.Touches {
		trs = append(trs, k.sent(c))
	}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, trs))
	want(9, high, bob)
	_, err := k.ledger.Touches.Cancel(k.ctx, "acme", high.Touch.ID, "me", k.now())
	k.must(err)
	want(9, bob)
}
