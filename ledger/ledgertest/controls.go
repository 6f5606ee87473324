package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testKillSwitches(k *kit) {
	a := ledger.KillSwitch{ID: "a", Channel: touch.SMS, Owner: "o", Reason: "r", Since: k.now(), Until: ptr(k.now().Add(time.Hour))}
	b := ledger.KillSwitch{ID: "b", Category: touch.Marketing, Provider: "p", Caller: "acme", Since: k.now()}
	k.must(k.ledger.Controls.PutKillSwitch(k.ctx, a, "me", k.now()))
	k.must(k.ledger.Controls.PutKillSwitch(k.ctx, b, "me", k.now()))
	a.Reason = "changed"
	k.must(k.ledger.Controls.PutKillSwitch(k.ctx, a, "me", k.now()))
	control, err := k.ledger.Controls.Read(k.ctx)
	k.must(err)
	k.wantEqual(control.KillSwitches, []ledger.KillSwitch{a, b})
	k.must(k.ledger.Controls.EndKillSwitch(k.ctx, "a", "me", k.now()))
	k.wantClass(touch.NotFound, k.ledger.Controls.EndKillSwitch(k.ctx, "a", "me", k.now()))
	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	control, err = k.ledger.Controls.Read(k.ctx)
	k.must(err)
	k.wantEqual(control.KillSwitches, []ledger.KillSwitch{b})
	k.wantEqual(control.Version, version) // a failed call does not raise it
	events, err := k.ledger.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	if len(events) != 4 || events[3].Kind != touch.EventControl || events[3].Actor != "me" || events[3].Reason == "" {
		k.t.Fatalf("%+v", events)
	}
}

func testShardEpochs(k *kit) {
	raised, err := k.ledger.Controls.RaiseShardEpochs(k.ctx, []int{0, 7, 7}, k.now())
	k.must(err)
	k.wantEqual(raised, map[int]int64{0: 1, 7: 1})
	raised, err = k.ledger.Controls.RaiseShardEpochs(k.ctx, []int{7}, k.now())
	k.must(err)
	k.wantEqual(raised, map[int]int64{7: 2})
	control, err := k.ledger.Controls.Read(k.ctx)
	k.must(err)
	k.wantEqual(control.Shards, map[int]int64{0: 1, 7: 2})
}

func testControlWatcher(k *kit) {
	var compiled []string
	fail := false
	w := ledger.NewControlWatcher(k.ledger.Controls)
	w.OnChange(func(_ context.Context, c *ledger.Control) error {
		if fail {
			return fmt.Errorf("does not compile")
		}
		compiled = append(compiled, c.PolicyHash)
		return nil
	})
	if w.Current() != nil {
		k.t.Fatal("a Control before the first refresh")
	}
	k.must(w.Refresh(k.ctx))
	k.must(w.Refresh(k.ctx))
	k.must(k.ledger.PolicySets.Activate(k.ctx, ledger.PolicySet{Hash: "h1"}, "me", k.now()))
	k.must(w.Refresh(k.ctx))
	k.wantEqual(compiled, []string{"", "h1"})
	fail = true
	k.must(k.ledger.PolicySets.Activate(k.ctx, ledger.PolicySet{Hash: "h2"}, "me", k.now()))
	if w.Refresh(k.ctx) == nil || w.Current().PolicyHash != "h1" {
		k.t.Fatal("a Control was published although onChange failed")
	}
	fail = false
	ctx, stop := context.WithCancel(k.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { loop.Every(ctx, time.Millisecond, w.Refresh, func(err error) { k.t.Error(err) }) })
	for w.Current().PolicyHash != "h2" {
		time.Sleep(time.Millisecond)
	}
	stop()
	wg.Wait()
}
