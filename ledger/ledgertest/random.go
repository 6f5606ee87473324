package ledgertest

import (
	"math/rand/v2"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// testRandom takes random steps, among them the loss of workers. In the end every
// touch is sent or cancelled, and none was intended twice unnoticed.
func testRandom(k *kit) {
	w := &randomWalk{kit: k, random: rand.New(rand.NewPCG(7, 7)), intended: map[touch.ID]int{}}
	for i := range 250 {
		w.step(i)
	}
	w.finish()

	for _, n := range w.touches {
		if v := k.view(n); v.Progress.State != touch.StateSent && v.Progress.State != touch.StateCancelled {
			k.t.Errorf("touch was lost: %+v", v.Progress)
		}
		if w.intended[n.Touch.ID] > 1 {
			k.t.Errorf("touch %v was intended %d times unnoticed", n.Touch.ID, w.intended[n.Touch.ID])
		}
	}
	k.wantCounts()
	k.verifyJournal()
}

// randomWalk is a ledger on which random things happen.
type randomWalk struct {
	kit     *kit
	random  *rand.Rand
	touches []ledger.NewTouch
	held    []*ledger.Segment // claimed by a worker that has done nothing yet
	// intended counts the intents of each touch that were made without knowing
	// of an earlier one.
	intended map[touch.ID]int
}

// step does one thing; i is its number.
func (w *randomWalk) step(i int) {
	k := w.kit
	switch w.random.IntN(9) {
	case 0:
		n := k.touches(1+w.random.IntN(8), func(n *ledger.NewTouch) { n.Touch.Priority = w.random.IntN(10) })
		w.touches = append(w.touches, n...)
		k.accept(n...)
	case 1, 2:
		ref, _, ok, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 1+w.random.IntN(6))
		k.must(err)
		if ok && w.random.IntN(4) > 0 { // else the queue loses the task
			w.claim(ref)
		}
	case 3:
		refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now().Add(-lease), 10)
		k.must(err)
		for _, ref := range refs {
			w.claim(ref)
		}
	case 4, 5:
		w.work()
	case 6:
		k.advance(time.Duration(w.random.IntN(40)) * time.Second)
	case 7:
		if len(w.touches) > 0 {
			n := w.touches[w.random.IntN(len(w.touches))]
			if _, err := k.ledger.Touches.Cancel(k.ctx, "acme", n.Touch.ID, "me", k.now()); err != nil {
				k.wantClass(touch.Conflict, err)
			}
		}
	case 8:
		k.setCampaign([]ledger.CampaignStatus{ledger.CampaignPaused, ledger.CampaignRunning}[i%2])
		_, err := k.ledger.Recovery.ResumeParked(k.ctx, k.now(), 100)
		k.must(err)
	}
}

func (w *randomWalk) claim(ref ledger.SegmentRef) {
	k := w.kit
	seg, err := k.ledger.Work.Claim(k.ctx, ref, "w", k.now(), k.now().Add(lease))
	k.must(err)
	w.held = append(w.held, seg)
}

// finish resumes the campaign and works until nothing should be left.
func (w *randomWalk) finish() {
	k := w.kit
	k.setCampaign(ledger.CampaignRunning)
	for range 100 {
		k.advance(2 * lease)
		_, err := k.ledger.Recovery.ResumeParked(k.ctx, k.now(), 1000)
		k.must(err)
		refs, err := k.ledger.Recovery.ReclaimExpired(k.ctx, k.now(), k.now(), 100)
		k.must(err)
		ref, _, ok, err := k.ledger.Work.Feed(k.ctx, bulk, k.now(), 1000)
		k.must(err)
		if ok {
			refs = append(refs, ref)
		}

		for _, ref := range refs {
			w.held = []*ledger.Segment{k.claim(ref)}
			for len(w.held) > 0 {
				w.work()
			}
		}
	}
}

// work sends one of the held segments, or loses its worker on the way.
func (w *randomWalk) work() {
	if len(w.held) == 0 {
		return
	}
	k := w.kit
	i := w.random.IntN(len(w.held))
	seg := w.held[i]
	w.held = append(w.held[:i], w.held[i+1:]...)

	version, err := k.ledger.Controls.Version(k.ctx)
	k.must(err)
	var transitions []ledger.Transition
	var intents []ledger.Intent
	var fresh []ledger.ClaimedTouch
	for _, c := range seg.Touches {
		if c.Intent != nil {
			transitions = append(transitions, k.sent(c)) // it may have been sent: do not send it again
			continue
		}
		intents = append(intents, k.intent(c))
		fresh = append(fresh, c)
	}
	dropped, err := k.ledger.Work.Intend(k.ctx, seg.Ref, version, intents)
	if err != nil {
		k.wantClass(touch.Conflict, err)
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
		w.intended[c.Touch.ID]++
		transitions = append(transitions, k.sent(c))
	}
	if w.random.IntN(4) == 0 {
		return // the worker dies after its intents
	}
	if err := k.ledger.Work.Apply(k.ctx, seg.Ref, transitions); err != nil {
		k.wantClass(touch.Conflict, err)
	}
}
