package ledgertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testNoneLostNoneTwice: many feeders, workers, cancellers and receipts at
// once. Each touch is sent once or cancelled, never both and never twice, and
// none is left behind.
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
			if _, _, err := k.Intake.Accept(k.ctx, all); err != nil {
				k.Error(err)
			}
			for i, n := range all {
				accepted.Store(n.Touch.ID, true)
				if i%8 != 0 {
					continue
				}
				_, err := k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now())
				switch touch.ClassOf(err) {
				case "":
					cancelled.Store(n.Touch.ID, true)
				case touch.Conflict:
				default:
					k.Errorf("cancel: %v %v", err, unwrap(err))
				}
			}
		})
	}
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for {
				finishing := left.Load() == 0
				ref, _, ok, err := k.Work.Feed(k.ctx, bulk, k.now(), 1+random.IntN(60))
				if err != nil {
					k.Error(err)
					return
				}
				if !ok {
					if finishing {
						return
					}
					continue
				}
				k.work(ref, random, &sent, &cancelled)
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
			k.Errorf("touch %v: sent %v, cancelled %v", id, s, c)
		}
		return true
	})
	k.recount()
	k.verify()
}

// drain works off what is due or was put back.
func drain(k *kit, sent, cancelled *sync.Map) (n int, err error) {
	for _, lane := range []string{bulk, "push.bulk"} {
		ref, _, ok, err := k.Work.Feed(k.ctx, lane, k.now(), touch.MaxBatch)
		if err != nil {
			return 0, err
		}
		if ok {
			n++
			k.work(ref, rand.New(rand.NewPCG(1, 1)), sent, cancelled)
		}
	}
	return n, nil
}

// work is a worker's round over one segment: some are put back, the rest sent.
func (k *kit) work(ref ledger.SegmentRef, random *rand.Rand, sent, cancelled *sync.Map) {
	seg, err := k.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	if touch.ClassOf(err) == touch.Conflict {
		return // all cancelled
	}
	if err != nil {
		k.Errorf("claim: %v %v", err, unwrap(err))
		return
	}
	fence, err := k.Controls.Version(k.ctx)
	if err != nil {
		k.Error(err)
		return
	}
	var intents []ledger.Intent
	var chosen []ledger.ClaimedTouch
	var all []ledger.Transition
	for _, c := range seg.Touches {
		if random.IntN(5) == 0 {
			all = append(all, k.again(c, k.now()))
			continue
		}
		intents, chosen = append(intents, k.intent(c)), append(chosen, c)
	}
	dropped, err := k.Work.Intend(k.ctx, ref, fence, intents)
	if touch.ClassOf(err) == touch.Conflict {
		return // cancelled to the last one since the claim
	}
	if err != nil {
		k.Errorf("intend: %v %v", err, unwrap(err))
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
			k.Errorf("touch %v was sent twice", c.Touch.ID)
		}
		if _, after := cancelled.Load(c.Touch.ID); after {
			k.Errorf("touch %v was sent after its cancel was answered", c.Touch.ID)
		}
		all = append(all, k.sent(c))
		if random.IntN(3) == 0 {
			receipts = append(receipts, touch.Receipt{Dispatch: touch.DispatchID(c.Touch.ID, 0), Kind: touch.ReceiptDelivered})
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := k.Receipts.Receive(k.ctx, receipts, k.now()); err != nil {
			k.Errorf("receive: %v %v", err, unwrap(err))
		}
	})
	err = k.Work.Apply(k.ctx, ref, all)
	if len(dropped) == len(chosen) && touch.ClassOf(err) == touch.Conflict {
		err = nil // likewise; an intent that stands would have kept the segment
	}
	if err != nil {
		k.Errorf("settle: %v %v", err, unwrap(err))
	}
	wg.Wait()
}

// testRandom drives random steps, with lost workers among them, and insists on
// the end: nothing is lost, nothing intended twice without being known as such.
func testRandom(k *kit) {
	random := rand.New(rand.NewPCG(7, 7))
	var all []ledger.NewTouch
	intended := map[touch.ID]int{}
	var held []*ledger.Segment
	step := func(i int) {
		switch random.IntN(9) {
		case 0:
			n := k.touches(1+random.IntN(8), func(n *ledger.NewTouch) { n.Touch.Priority = random.IntN(10) })
			all = append(all, n...)
			k.accept(n...)
		case 1, 2:
			ref, _, ok, err := k.Work.Feed(k.ctx, bulk, k.now(), 1+random.IntN(6))
			k.must(err)
			if !ok {
				return
			}
			if random.IntN(4) > 0 { // else the task is lost
				seg, err := k.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
				k.must(err)
				held = append(held, seg)
			}
		case 3:
			refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-lease), 10)
			k.must(err)
			for _, ref := range refs {
				seg, err := k.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
				k.must(err)
				held = append(held, seg)
			}
		case 4, 5:
			k.randomSettle(random, &held, intended)
		case 6:
			k.pass(time.Duration(random.IntN(40)) * time.Second)
		case 7:
			if len(all) > 0 {
				n := all[random.IntN(len(all))]
				if _, err := k.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now()); err != nil {
					k.class(touch.Conflict, err)
				}
			}
		case 8:
			s := []ledger.CampaignStatus{ledger.CampaignPaused, ledger.CampaignRunning}[i%2]
			k.campaign(s)
			_, err := k.Recovery.ResumeParked(k.ctx, k.now(), 100)
			k.must(err)
		}
	}
	for i := range 250 {
		step(i)
	}
	k.campaign(ledger.CampaignRunning)
	for range 100 {
		k.pass(2 * lease)
		_, err := k.Recovery.ResumeParked(k.ctx, k.now(), 1000)
		k.must(err)
		refs, err := k.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 100)
		k.must(err)
		if ref, _, ok, err := k.Work.Feed(k.ctx, bulk, k.now(), 1000); ok {
			refs = append(refs, ref)
			k.must(err)
		}
		for _, ref := range refs {
			seg := k.claim(ref)
			held = []*ledger.Segment{seg}
			for len(held) > 0 {
				k.randomSettle(random, &held, intended)
			}
		}
	}
	for _, n := range all {
		if v := k.view(n); v.Progress.State != touch.StateSent && v.Progress.State != touch.StateCancelled {
			k.Errorf("touch is left behind: %+v", v.Progress)
		}
		if intended[n.Touch.ID] > 1 {
			k.Errorf("touch %v was intended %d times without a word", n.Touch.ID, intended[n.Touch.ID])
		}
	}
	k.recount()
	k.verify()
}

// randomSettle works off one held segment, or loses it on the way.
func (k *kit) randomSettle(random *rand.Rand, held *[]*ledger.Segment, intended map[touch.ID]int) {
	if len(*held) == 0 {
		return
	}
	i := random.IntN(len(*held))
	seg := (*held)[i]
	*held = append((*held)[:i], (*held)[i+1:]...)
	fence, err := k.Controls.Version(k.ctx)
	k.must(err)
	var trs []ledger.Transition
	var intents []ledger.Intent
	var fresh []ledger.ClaimedTouch
	for _, c := range seg.Touches {
		if c.Intent != nil {
			trs = append(trs, k.sent(c)) // it may have been sent: never again
			continue
		}
		intents, fresh = append(intents, k.intent(c)), append(fresh, c)
	}
	dropped, err := k.Work.Intend(k.ctx, seg.Ref, fence, intents)
	if err != nil {
		k.class(touch.Conflict, err)
		return
	}
	skip := map[int]bool{}
	for _, i := range dropped {
		skip[i] = true
	}
	for i, c := range fresh {
		if skip[i] {
			continue
		}
		intended[c.Touch.ID]++
		trs = append(trs, k.sent(c))
	}
	if random.IntN(4) == 0 {
		return // the worker dies after its intents
	}
	if err := k.Work.Apply(k.ctx, seg.Ref, trs); err != nil {
		k.class(touch.Conflict, err)
	}
}

// testGroup: the whole way under group commit.
func testGroup(k *kit) {
	k.Ledger = ledger.GroupCommit(k.Ledger, 2)
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
					n.Lane = "" // invalid, and nobody else's trouble
					if _, _, err := k.Intake.Accept(k.ctx, []ledger.NewTouch{n}); touch.ClassOf(err) != touch.Invalid {
						k.Errorf("bad touch: %v", err)
					}
					continue
				}
				answers, mine, err := k.Intake.Accept(k.ctx, []ledger.NewTouch{n, n})
				if err != nil || !answers[0].New || !answers[1].Same {
					k.Errorf("%+v %v", answers, err)
					return
				}
				good.Add(1)
				for _, ref := range mine {
					if _, twice := refs.LoadOrStore(ref.Segment, ref); twice {
						k.Error("a segment was given to two callers")
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
				got, err := k.Receipts.Receive(k.ctx, []touch.Receipt{{Dispatch: touch.DispatchID(c.Touch.ID, 0), Kind: touch.ReceiptDelivered}}, k.now())
				if err != nil || len(got) != 1 || got[0].Touch.ID != c.Touch.ID || !got[0].Changed {
					k.Errorf("%+v %v", got, err)
				}
			})
		}
		return true
	})
	wg.Wait()
	if total.Load() != good.Load() {
		k.Fatalf("%d touches in the segments given, want %d", total.Load(), good.Load())
	}
	ctx, stop := context.WithCancel(k.ctx)
	stop()
	_, _, err := k.Intake.Accept(ctx, k.touches(1))
	k.class(touch.Unavailable, err)
	k.recount()
}
