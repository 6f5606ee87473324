package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testNoneLostNoneTwice: feeders, workers, cancellations and receipts at once.
// Each touch is sent once or cancelled, never both or twice, and none is lost.
func testNoneLostNoneTwice(k *kit) {
	const batches, size, workers = 12, 40, 6
	var sent, cancelled sync.Map
	var accepted sync.Map
	var left atomic.Int64
	left.Store(batches)
	var wg sync.WaitGroup
	for b := range batches {
		wg.Go(func() {
			defer left.Add(-1)
			all := k.touches(size, func(n *ledger.NewTouch) { n.Touch.Priority = b % 3; n.Touch.Campaign = fmt.Sprint("c", b%4) })
			if _, _, err := k.ledger.Intake.Accept(k.ctx, all); err != nil {
				k.t.Error(err)
			}
			for i, n := range all {
				accepted.Store(n.Touch.ID, true)
				if i%8 != 0 {
					continue
				}
				_, err := k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
				switch touch.ClassOf(err) {
				case "":
					cancelled.Store(n.Touch.ID, true)
				case touch.Conflict:
				default:
					k.t.Errorf("cancel: %v %v", err, unwrap(err))
				}
			}
		})
	}
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for {
				finishing := left.Load() == 0
				ref, _, ok, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 1+random.IntN(60))
				if err != nil {
					k.t.Error(err)
					return
				}
				if !ok {
					if finishing {
						return
					}
					continue
				}
				workSegment(k, ref, random, &sent, &cancelled)
			}
		})
	}
	wg.Wait()
	for {
		n, err := drain(k, &sent, &cancelled)
		k.must(err)
		if n == 0 {
			break
		}
	}
	accepted.Range(func(id, _ any) bool {
		_, s := sent.Load(id)
		_, c := cancelled.Load(id)
		if s == c {
			k.t.Errorf("touch %v: sent %v, cancelled %v", id, s, c)
		}
		return true
	})
	k.wantCounts()
	k.verifyJournal()
}

// drain works on what is due, and reports how many segments it fed.
func drain(k *kit, sent, cancelled *sync.Map) (n int, err error) {
	for _, lane := range []string{bulk, "push.bulk"} {
		ref, _, ok, err := k.ledger.Work.Feed(k.ctx, lane, k.now(), touch.MaxBatch)
		if err != nil {
			return 0, err
		}
		if ok {
			n++
			workSegment(k, ref, rand.New(rand.NewPCG(1, 1)), sent, cancelled)
		}
	}
	return n, nil
}

// workSegment does a worker's steps for one segment: it retries some touches later
// and sends the others.
func workSegment(k *kit, ref ledger.SegmentRef, random *rand.Rand, sent, cancelled *sync.Map) {
	seg, err := k.ledger.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	if touch.ClassOf(err) == touch.Conflict {
		return // all cancelled
	}
	if err != nil {
		k.t.Errorf("claim: %v %v", err, unwrap(err))
		return
	}
	version, err := k.ledger.Controls.Version(k.ctx)
	if err != nil {
		k.t.Error(err)
		return
	}
	var intents []ledger.Intent
	var chosen []ledger.ClaimedTouch
	var all []ledger.Transition
	for _, c := range seg.Touches {
		if random.IntN(5) == 0 {
			all = append(all, k.retry(c, k.now()))
			continue
		}
		intents, chosen = append(intents, k.intent(c)), append(chosen, c)
	}
	dropped, err := k.ledger.Work.Intend(k.ctx, ref, version, intents)
	if touch.ClassOf(err) == touch.Conflict {
		return // every touch was cancelled since the claim
	}
	if err != nil {
		k.t.Errorf("intend: %v %v", err, unwrap(err))
		return
	}
	skip := map[int]bool{}
	for _, i := range dropped {
		skip[i] = true
	}
	var receipts []touch.Receipt
	for i, c := range chosen {
		if skip[i] {
			continue
		}
		if _, twice := sent.LoadOrStore(c.Touch.ID, true); twice {
			k.t.Errorf("touch %v was sent twice", c.Touch.ID)
		}
		if _, after := cancelled.Load(c.Touch.ID); after {
			k.t.Errorf("touch %v was sent after its cancellation was confirmed", c.Touch.ID)
		}
		all = append(all, k.sent(c))
		if random.IntN(3) == 0 {
			receipts = append(receipts, touch.Receipt{Dispatch: touch.DispatchID(c.Touch.ID, 0), Kind: touch.ReceiptDelivered})
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := k.ledger.Receipts.Receive(k.ctx, receipts, k.now()); err != nil {
			k.t.Errorf("receive: %v %v", err, unwrap(err))
		}
	})
	err = k.ledger.Work.Apply(k.ctx, ref, all)
	if len(dropped) == len(chosen) && touch.ClassOf(err) == touch.Conflict {
		err = nil // the same; an intent would have kept the segment
	}
	if err != nil {
		k.t.Errorf("apply: %v %v", err, unwrap(err))
	}
	wg.Wait()
}
