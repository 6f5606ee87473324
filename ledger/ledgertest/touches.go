package ledgertest

import (
	"fmt"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testListTouches(k *kit) {
	all := k.touches(5)
	all[1] = k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "dec" })
	all[2] = k.touch(func(n *ledger.NewTouch) { n.Touch.Caller, n.Touch.ID = "other", touch.NewID("other", n.Touch.Key) })
	all[3] = k.touch(func(n *ledger.NewTouch) { n.State, n.Reason = touch.StateRefused, "no" })
	k.accept(all...)
	list := func(f ledger.TouchFilter, want ...int) {
		k.t.Helper()
		views, next, err := k.ledger.Touches.List(k.ctx, f)
		k.must(err)
		var got []string
		for _, v := range views {
			got = append(got, v.Touch.Key)
			if len(v.Events) > 0 {
				k.t.Fatal("a list holds events")
			}
		}
		var keys []string
		for _, i := range want {
			keys = append(keys, all[i].Touch.Key)
		}
		k.wantEqual(got, keys)
		if more := f.Limit == 2 && len(want) == 2; more != (next != 0) {
			k.t.Fatalf("next is %d", next)
		}
	}
	list(ledger.TouchFilter{}, 0, 1, 2, 3, 4)
	list(ledger.TouchFilter{Caller: "acme"}, 0, 1, 3, 4)
	list(ledger.TouchFilter{Campaign: "nov"}, 0, 2, 3, 4)
	list(ledger.TouchFilter{Caller: "acme", Campaign: "dec"}, 1)
	list(ledger.TouchFilter{State: touch.StateRefused}, 3)
	list(ledger.TouchFilter{Customer: all[4].Touch.Customer}, 4)
	list(ledger.TouchFilter{Caller: "nobody"})
	list(ledger.TouchFilter{Limit: 2}, 0, 1)
	list(ledger.TouchFilter{Limit: 2, After: k.view(all[1]).Progress.Seq}, 2, 3)
	list(ledger.TouchFilter{Limit: 2, After: k.view(all[3]).Progress.Seq}, 4)
	_, err := k.ledger.Touches.Get(k.ctx, "other", all[0].Touch.ID)
	k.wantClass(touch.NotFound, err)
}

func testBadText(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) { n.Touch.Campaign = "a\x00b\xff" })
	answers, _, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{n})
	switch touch.ClassOf(err) {
	case touch.Invalid: // a store may refuse such a text, but must say that it is invalid
	case "":
		k.wantEqual(k.view(n).Touch.Campaign, n.Touch.Campaign)
		k.wantEqual(answers[0].New, true)
	default:
		k.t.Fatal(fmt.Sprint(err, unwrap(err)))
	}
}
