package ledgertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Benchmark measures a driver in touches per second: intake by batches of
// touch.MaxBatch from one and from four sides, the whole way of a campaign,
// receipts, and single touches under group commit.
func Benchmark(b *testing.B, open Open) {
	for _, sides := range []int{1, 4} {
		b.Run(fmt.Sprintf("Accept/batch=1000/sides=%d", sides), func(b *testing.B) {
			k := newKit(b, open)
			batches := make(chan []ledger.NewTouch, 8)
			go func() {
				for range b.N {
					batches <- k.touches(touch.MaxBatch)
				}
				close(batches)
			}()
			k.sides(b, sides, touch.MaxBatch, func() bool {
				all, more := <-batches
				if more {
					k.accept(all...)
				}
				return more
			})
		})
	}
	for _, sides := range []int{1, 4} {
		b.Run(fmt.Sprintf("Deliver/segment=1000/sides=%d", sides), func(b *testing.B) {
			k := newKit(b, open)
			for range b.N {
				k.accept(k.touches(touch.MaxBatch)...)
			}
			k.sides(b, sides, touch.MaxBatch, func() bool {
				ref, _, ok, err := k.Work.Feed(k.ctx, bulk, k.now(), touch.MaxBatch)
				k.must(err)
				if ok {
					k.round(k.claim(ref))
				}
				return ok
			})
		})
	}
	b.Run("Receive/batch=200/sides=4", func(b *testing.B) {
		k := newKit(b, open)
		batches := make(chan []touch.Receipt, b.N)
		for range (b.N + 4) / 5 {
			k.accept(k.touches(touch.MaxBatch)...)
			seg := k.deliver(bulk, touch.MaxBatch)
			for i := 0; i < touch.MaxBatch && len(batches) < b.N; i += 200 {
				var receipts []touch.Receipt
				for _, c := range seg.Touches[i : i+200] {
					receipts = append(receipts, touch.Receipt{Provider: "p1", VendorID: "v-" + touch.DispatchID(c.Touch.ID, 0), Kind: touch.ReceiptDelivered})
				}
				batches <- receipts
			}
		}
		close(batches)
		k.sides(b, 4, 200, func() bool {
			receipts, more := <-batches
			if more {
				k.receive(receipts...)
			}
			return more
		})
	})
	b.Run("AcceptSingle/sides=64", func(b *testing.B) {
		k := newKit(b, open)
		k.Ledger = ledger.GroupCommit(k.Ledger, 2)
		all := k.touches(b.N, func(n *ledger.NewTouch) { n.Enqueue, n.Lane = true, "sms.urgent" })
		var next atomic.Int64
		k.sides(b, 64, 1, func() bool {
			i := int(next.Add(1)) - 1
			if i < len(all) {
				k.accept(all[i])
			}
			return i < len(all)
		})
	})
}

// sides runs fn from several goroutines until it says that there is no more,
// and reports touches per second.
func (k *kit) sides(b *testing.B, sides, size int, fn func() bool) {
	var wg sync.WaitGroup
	b.ResetTimer()
	began := time.Now()
	for range sides {
		wg.Go(func() {
			for fn() {
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N*size)/time.Since(began).Seconds(), "touches/s")
}

// round intends and settles a claimed segment.
func (k *kit) round(seg *ledger.Segment) {
	k.intend(seg)
	all := make([]ledger.Transition, len(seg.Touches))
	for i, c := range seg.Touches {
		all[i] = k.sent(c)
	}
	k.must(k.Work.Apply(k.ctx, seg.Ref, all))
}
