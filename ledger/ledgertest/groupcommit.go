package ledgertest

import (
	"context"
	"sync"
	"sync/atomic"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testGroupCommit: concurrent callers under group commit.
func testGroupCommit(k *kit) {
	k.ledger = ledger.GroupCommit(k.ledger, 2)
	urgent := func(n *ledger.NewTouch) { n.Enqueue, n.Lane = true, "sms.urgent" }
	const callers, each = 16, 10
	var wg sync.WaitGroup
	var refs sync.Map
	var good atomic.Int64
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				n := k.touch(urgent)
				if bad := c == 3 && i%2 == 0; bad {
					n.Lane = "" // invalid; the other callers must not notice
					if _, _, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{n}); touch.ClassOf(err) != touch.Invalid {
						k.t.Errorf("bad touch: %v", err)
					}
					continue
				}
				answers, mine, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{n, n})
				if err != nil || !answers[0].New || !answers[1].Same {
					k.t.Errorf("%+v %v", answers, err)
					return
				}
				good.Add(1)
				for _, ref := range mine {
					if _, twice := refs.LoadOrStore(ref.Segment, ref); twice {
						k.t.Error("a segment was given to two callers")
					}
				}
			}
		})
	}
	wg.Wait()
	var total atomic.Int64
	refs.Range(func(_, ref any) bool {
		seg := k.claim(ref.(ledger.SegmentRef))
		total.Add(int64(len(seg.Touches)))
		for _, c := range seg.Touches {
			wg.Go(func() {
				got, err := k.ledger.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(c.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
				if err != nil || len(got) != 1 || got[0].Touch.ID != c.Touch.ID || !got[0].Changed {
					k.t.Errorf("%+v %v", got, err)
				}
			})
		}
		return true
	})
	wg.Wait()
	if total.Load() != good.Load() {
		k.t.Fatalf("%d touches in the segments given, want %d", total.Load(), good.Load())
	}
	ctx, stop := context.WithCancel(k.ctx)
	stop()
	_, _, err := k.ledger.Intake.Accept(ctx, k.touches(1))
	k.wantClass(touch.Unavailable, err)
	k.wantCounts()
}
