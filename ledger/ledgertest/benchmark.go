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
// touch.MaxBatch from one caller and from four, a campaign's delivery, receipts,
// and single touches under group commit.
func Benchmark(b *testing.B, open Open) {
	for _, sides := range []int{1, 4} {
		b.Run(fmt.Sprintf("Accept/batch=1000/sides=%d", sides), func(b *testing.B) { benchmarkAccept(b, open, sides) })
	}
	for _, sides := range []int{1, 4} {
		b.Run(fmt.Sprintf("Deliver/segment=1000/sides=%d", sides), func(b *testing.B) { benchmarkDeliver(b, open, sides) })
	}
	b.Run("Receive/batch=200/sides=4", func(b *testing.B) { benchmarkReceive(b, open) })
	b.Run("AcceptSingle/sides=64", func(b *testing.B) { benchmarkAcceptSingle(b, open) })
}

func benchmarkAccept(b *testing.B, open Open, sides int) {
	k := newKit(b, open)
	batches := make(chan []ledger.NewTouch, 8)
	go func() {
		for range b.N {
			batches <- k.touches(touch.MaxBatch)
		}
		close(batches)
	}()
	parallel(b, sides, touch.MaxBatch, func() bool {
		all, more := <-batches
		if more {
			k.accept(all...)
		}
		return more
	})
}

func benchmarkDeliver(b *testing.B, open Open, sides int) {
	k := newKit(b, open)
	for range b.N {
		k.accept(k.touches(touch.MaxBatch)...)
	}
	parallel(b, sides, touch.MaxBatch, func() bool {
		ref, _, ok, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), touch.MaxBatch)
		k.must(err)
		if ok {
			sendAll(k, k.claim(ref))
		}
		return ok
	})
}

func benchmarkReceive(b *testing.B, open Open) {
	k := newKit(b, open)
	batches := make(chan []touch.Receipt, b.N)
	for range (b.N + 4) / 5 {
		k.accept(k.touches(touch.MaxBatch)...)
		seg := k.deliver(bulk, touch.MaxBatch)
		for i := 0; i < touch.MaxBatch && len(batches) < b.N; i += 200 {
			var receipts []touch.Receipt
			for _, c := range seg.Touches[i : i+200] {
				receipts = append(receipts, touch.Receipt{
					Provider: "p1", VendorID: "v-" + touch.DispatchID(c.Touch.ID, 0), Kind: touch.ReceiptDelivered,
				})
			}
			batches <- receipts
		}
	}
	close(batches)
	parallel(b, 4, 200, func() bool {
		receipts, more := <-batches
		if more {
			k.receive(receipts...)
		}
		return more
	})
}

func benchmarkAcceptSingle(b *testing.B, open Open) {
	k := newKit(b, open)
	k.ledger = ledger.GroupCommit(k.ledger, 2)
	all := k.touches(b.N, func(n *ledger.NewTouch) {
		n.Enqueue = true
		n.Lane = "sms.urgent"
	})
	var next atomic.Int64
	parallel(b, 64, 1, func() bool {
		i := int(next.Add(1)) - 1
		if i < len(all) {
			k.accept(all[i])
		}
		return i < len(all)
	})
}

// parallel runs fn in several goroutines until it returns false, and reports
// touches per second. size is how many touches one call is about.
func parallel(b *testing.B, sides, size int, fn func() bool) {
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

// sendAll intends a claimed segment and applies that all of it was sent.
func sendAll(k *kit, seg *ledger.Segment) {
	k.intend(seg)
	all := make([]ledger.Transition, len(seg.Touches))
	for i, c := range seg.Touches {
		all[i] = k.sent(c)
	}
	k.must(k.ledger.Work.Apply(k.ctx, seg.Ref, all))
}
