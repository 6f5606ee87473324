package workers_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

var simSeeds = flag.Int("sim.seeds", 4, "how many seeds the simulation of feeder, lease, deliver and settle runs with")

const simCap = `policy: sim
rules:
  - id: cap
    cap: {limit: 2, per: 2m, by: [customer]}
`

// sim is several workers, feeders and a reconciler over one ledger and one
// contact log, in a bubble of synctest: time is the bubble's, chance is the
// seed's, and every step of the outside takes time, so that workers overlap.
type sim struct {
	real  *ledger.Ledger
	lying *ledger.Ledger // as the workers see it; the real one unless a fence was taken out
	log   *contactlog.Model
	dice  *dice
	truth *simVendor

	mu    sync.Mutex
	queue []ledger.SegmentRef
	down  bool // the ledger does not answer
	blind bool // nor does the contact log
}

// dice is a source of chance under a lock.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) n(n int) int { d.mu.Lock(); defer d.mu.Unlock(); return d.r.IntN(n) }

func (d *dice) pause(most time.Duration) { time.Sleep(time.Duration(d.n(int(most)) + 1)) }

// simVendor keeps what it took. It knows no id again and cannot be asked, so
// that every second message shows.
type simVendor struct {
	s    *sim
	mu   sync.Mutex
	took map[string][]time.Time
	ill  bool
}

func (v *simVendor) Choose(c touch.Channel, _ adapter.Dispatch, exclude []string) (string, bool, touch.Result) {
	if slices.Contains(exclude, "vendor") {
		return "", false, touch.Result{Class: touch.ResultRetryable, NoAttempt: true}
	}
	return "vendor", true, touch.Result{}
}

func (v *simVendor) SendEach(ctx context.Context, _ string, ds []adapter.Dispatch, done func(int, touch.Result)) {
	var all sync.WaitGroup
	for i, d := range ds {
		all.Go(func() {
			v.s.dice.pause(2 * time.Second)
			if time.Now().After(d.NotAfter) {
				done(i, touch.Result{Class: touch.ResultRetryable, Reason: touch.ReasonLate, NoAttempt: true})
				return
			}
			chance := 0
			v.mu.Lock()
			ill := v.ill
			v.mu.Unlock()
			if ill {
				chance = v.s.dice.n(10)
			}
			took := chance < 6 || chance == 9
			if took {
				v.mu.Lock()
				v.took[d.ID] = append(v.took[d.ID], time.Now())
				v.mu.Unlock()
			}
			v.s.dice.pause(time.Second)
			switch {
			case chance < 6:
				done(i, touch.Result{Class: touch.ResultAccepted})
			case chance < 8:
				done(i, touch.Result{Class: touch.ResultRetryable})
			default: // 8 not taken, 9 taken: nobody can tell
				done(i, touch.Result{})
			}
		})
	}
	all.Wait()
}

func (v *simVendor) Query(context.Context, string, adapter.Dispatch) (touch.Result, bool) {
	return touch.Result{}, false
}

func (v *simVendor) Capabilities(string) (adapter.Capabilities, bool) {
	return adapter.Capabilities{EchoesID: true}, true
}

func (v *simVendor) AllowRetry(string) bool { return true }

func (v *simVendor) Rate(touch.Channel, []string) float64 { return 0 }

// simLedger fails on command before or after the real thing was done, and
// takes its time.
type simLedger struct {
	ledger.Intake
	ledger.Work
	s      *sim
	frozen *freeze
}

// faulty is the ledger as a worker with that freeze sees it.
func (s *sim) faulty(frozen *freeze) *ledger.Ledger {
	return s.lying.With(func(l *ledger.Ledger) {
		faulty := simLedger{l.Intake, l.Work, s, frozen}
		l.Intake = faulty
		l.Work = faulty
	})
}

// freeze stands one worker still, as SIGSTOP does: nothing of it goes on, the
// renewal of its lease neither.
type freeze struct {
	mu    sync.Mutex
	until time.Time
}

func (f *freeze) set(until time.Time) { f.mu.Lock(); defer f.mu.Unlock(); f.until = until }

func (f *freeze) wait() {
	f.mu.Lock()
	until := f.until
	f.mu.Unlock()
	time.Sleep(time.Until(until))
}

var errDown = touch.Errorf(touch.Unavailable, "", "the ledger does not answer")

func (l simLedger) ask(do func() error) error {
	l.s.dice.pause(20 * time.Millisecond)
	l.frozen.wait()
	l.s.mu.Lock()
	down := l.s.down
	l.s.mu.Unlock()
	if down {
		return errDown
	}
	return do()
}

func (l simLedger) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, h ledger.Claim) (as []ledger.Accepted, held []*ledger.Segment, refs []ledger.SegmentRef, err error) {
	err = l.ask(func() error { as, held, refs, err = l.Intake.AcceptAndClaim(ctx, touches, h); return err })
	if l.s.dice.n(8) == 0 && l.s.trouble() {
		return nil, nil, nil, errDown // it was done, and nobody heard of it
	}
	return as, held, refs, err
}

func (l simLedger) Claim(ctx context.Context, ref ledger.SegmentRef, w string, now, until time.Time) (seg *ledger.Segment, err error) {
	return seg, l.ask(func() error { seg, err = l.Work.Claim(ctx, ref, w, now, until); return err })
}

func (l simLedger) Renew(ctx context.Context, ref ledger.SegmentRef, w string, until time.Time) error {
	if until.IsZero() {
		return nil // a dead worker gives nothing back
	}
	return l.ask(func() error { return l.Work.Renew(ctx, ref, w, until) })
}

func (l simLedger) Intend(ctx context.Context, ref ledger.SegmentRef, fence int64, is []ledger.Intent) (dropped []int, err error) {
	return dropped, l.ask(func() error { dropped, err = l.Work.Intend(ctx, ref, fence, is); return err })
}

func (l simLedger) Apply(ctx context.Context, ref ledger.SegmentRef, trs []ledger.Transition) error {
	return l.ask(func() error { return l.Work.Apply(ctx, ref, trs) })
}

// simLog is the contact log behind a switch.
type simLog struct {
	contactlog.Log
	s      *sim
	frozen *freeze
}

func (l simLog) Reserve(ctx context.Context, rs []contactlog.Reservation, now time.Time) ([]contactlog.Answer, error) {
	l.s.dice.pause(10 * time.Millisecond)
	defer l.frozen.wait()
	l.s.mu.Lock()
	blind := l.s.blind
	l.s.mu.Unlock()
	if blind {
		return nil, touch.Errorf(touch.Unavailable, "", "the contact log does not answer")
	}
	return l.Log.Reserve(ctx, rs, now)
}

// newSim builds a sim; lie goes around the ledger and may take a fence out.
func newSim(t *testing.T, seed uint64, lie func(*ledger.Ledger)) *sim {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &sim{real: l, log: contactlog.NewModel(), dice: &dice{r: rand.New(rand.NewPCG(seed, 3))}}
	s.lying = l
	if lie != nil {
		s.lying = l.With(lie)
	}
	s.truth = &simVendor{s: s, took: map[string][]time.Time{}, ill: true}
	return s
}

func (s *sim) guard(t *testing.T, frozen *freeze) *policies.Guard {
	set, err := policies.Compile([]policies.Source{{Name: "sim.yaml", Data: []byte(simCap)}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := policies.NewGuard(simLog{s.log, s, frozen}, func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		return nil, nil // the model never loses anything
	})
	g.Use(set)
	return g
}

// run plays one seed: touches for a few customers, three workers of which one
// or the other freezes or dies, outages, and then health until all is at rest.
func (s *sim) run(t *testing.T) []touch.ID {
	ctx, cancel := context.WithCancel(t.Context())
	watch := ledger.NewWatcher(s.real.Controls, nil)
	if err := watch.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	options := func(name string, frozen *freeze) workers.Options {
		return workers.Options{
			Ledger: s.faulty(frozen), Guard: s.guard(t, frozen), Pool: s.truth, Control: watch, Name: name, Now: time.Now,
			Rand: rand.New(rand.NewPCG(uint64(s.dice.n(1<<30)), 1)), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
			Enqueue: func(_ context.Context, refs []ledger.SegmentRef) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.queue = append(s.queue, refs...)
				return nil
			},
			Tuning: workers.Tuning{
				SegmentSize: 4, UrgentSegment: 2, BulkLease: 6 * time.Second, Unclaimed: 3 * time.Second, MaxCrashes: 1000,
				ReconcileEvery: 2 * time.Second, FeedEvery: 2 * time.Second, RetryMax: 20 * time.Second, ResolveTries: 3, MaxAttempts: 50,
			},
		}
	}
	ids := s.submit(t, 12)
	var all sync.WaitGroup
	for i := range 6 {
		n := simTouch(len(ids))
		ids = append(ids, n.Touch.ID)
		frozen := &freeze{}
		all.Go(func() { s.straight(ctx, options(fmt.Sprintf("s%d", i), frozen), frozen, n) })
	}
	all.Go(func() { workers.NewFeeder(options("feeder", &freeze{})).Run(ctx) })
	all.Go(func() { workers.NewReconciler(options("reconciler", &freeze{})).Run(ctx) })
	for i := range 3 {
		frozen := &freeze{}
		all.Go(func() { s.work(ctx, options(fmt.Sprintf("w%d", i), frozen), frozen) })
	}
	for range 20 { // trouble
		s.dice.pause(8 * time.Second)
		s.mu.Lock()
		s.down, s.blind = s.dice.n(4) == 0, s.dice.n(4) == 0
		s.mu.Unlock()
	}
	s.mu.Lock()
	s.down, s.blind = false, false
	s.mu.Unlock()
	s.truth.mu.Lock()
	s.truth.ill = false
	s.truth.mu.Unlock()
	time.Sleep(15 * time.Minute) // health
	cancel()
	all.Wait()
	return ids
}

// work takes what is queued, and now and then the worker dies in the middle
// (its context ends, and nobody cleans up after it) or is frozen.
func (s *sim) work(ctx context.Context, o workers.Options, frozen *freeze) {
	for n := 0; ctx.Err() == nil; n++ {
		s.mu.Lock()
		var ref ledger.SegmentRef
		if len(s.queue) > 0 {
			i := s.dice.n(len(s.queue))
			ref = s.queue[i]
			s.queue = slices.Delete(s.queue, i, i+1)
			if s.dice.n(10) == 0 {
				s.queue = append(s.queue, ref) // a queue may bring a task twice
			}
		}
		s.mu.Unlock()
		if ref.Segment == 0 {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		life, die := context.WithCancel(ctx)
		if s.dice.n(4) == 0 && s.trouble() {
			time.AfterFunc(time.Duration(s.dice.n(int(4*time.Second))), die)
		} else if s.dice.n(3) == 0 && s.trouble() {
			still := 8*time.Second + time.Duration(s.dice.n(int(12*time.Second)))
			time.AfterFunc(time.Duration(s.dice.n(int(100*time.Millisecond))), func() { frozen.set(time.Now().Add(still)) })
		}
		o.Name = fmt.Sprintf("%s-%d", o.Name[:2], n)
		_ = workers.NewDeliverer(o).Handle(life, ref) // an error is for the queue; the reconciler has it anyway
		die()
	}
}

// straight submits a touch as a caller would, again and again until it is
// taken, to a worker that may die or freeze as it delivers it.
func (s *sim) straight(ctx context.Context, o workers.Options, frozen *freeze, n ledger.NewTouch) {
	n.Enqueue = true
	for try := 0; ctx.Err() == nil; try++ {
		s.dice.pause(20 * time.Second)
		life, die := context.WithCancel(ctx)
		switch s.dice.n(3) {
		case 0:
			time.AfterFunc(time.Duration(s.dice.n(int(3*time.Second))), die)
		case 1:
			still := 8*time.Second + time.Duration(s.dice.n(int(12*time.Second)))
			time.AfterFunc(time.Duration(s.dice.n(int(100*time.Millisecond))), func() { frozen.set(time.Now().Add(still)) })
		}
		o.Name = fmt.Sprintf("%s-%d", o.Name[:2], try)
		var work sync.WaitGroup
		o.TakeSlot = func(string) workers.Slot { return simSlot{life, &work} }
		_, refs, err := workers.NewDeliverer(o).Accept(ctx, []ledger.NewTouch{n}, []lookup.Candidate{{Index: 0}})
		work.Wait()
		die()
		if err == nil {
			_ = o.Enqueue(ctx, refs)
			return
		}
	}
}

// simSlot runs work until the context of a worker's life ends. The reconciler
// finds what fails.
type simSlot struct {
	life context.Context
	work *sync.WaitGroup
}

func (s simSlot) Run(ref ledger.SegmentRef, do func(context.Context, ledger.SegmentRef) error) {
	s.work.Go(func() { _ = do(s.life, ref) })
}

func (simSlot) Release() {}

func (s *sim) trouble() bool { s.truth.mu.Lock(); defer s.truth.mu.Unlock(); return s.truth.ill }

func (s *sim) submit(t *testing.T, n int) (ids []touch.ID) {
	var all []ledger.NewTouch
	for i := range n {
		all = append(all, simTouch(i))
		ids = append(ids, all[i].Touch.ID)
	}
	if _, _, err := s.real.Intake.Accept(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return ids
}

// simTouch makes the i-th touch, which is due now.
func simTouch(i int) ledger.NewTouch {
	key := fmt.Sprintf("k%d", i)
	tc := touch.Touch{ID: touch.NewID("bank", key), Caller: "bank", AcceptedAt: time.Now(), Request: touch.Request{
		Key: key, Customer: fmt.Sprintf("c%d", i%3), Category: touch.Service,
		Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
		Addresses: map[touch.Channel]string{touch.SMS: "+100"},
	}}
	return ledger.NewTouch{Touch: tc, Digest: tc.Digest(), State: touch.StateDue, Due: time.Now(), Lane: touch.Lane(touch.SMS, false)}
}

// broken lists the promises that were not kept.
func (s *sim) broken(t *testing.T, ids []touch.ID) (faults []string) {
	byCustomer := map[string][]time.Time{}
	for _, id := range ids {
		v, err := s.real.Touches.Get(context.WithoutCancel(t.Context()), "", id)
		if err != nil {
			t.Fatal(err)
		}
		if p := v.Progress; !p.State.Final() && p.State != touch.StateSent {
			faults = append(faults, fmt.Sprintf("%s stands still as %s (%s)", v.Touch.Key, p.State, p.Reason))
		}
		took := s.truth.took[touch.DispatchID(id, 0)]
		if len(took) > 1 {
			faults = append(faults, fmt.Sprintf("%s went out %d times", v.Touch.Key, len(took)))
		}
		if p := v.Progress; p.State == touch.StateSent && len(took) == 0 {
			faults = append(faults, v.Touch.Key+" is said to be sent and was not")
		}
		byCustomer[v.Touch.Customer] = append(byCustomer[v.Touch.Customer], took...)
	}
	for c, at := range byCustomer {
		slices.SortFunc(at, time.Time.Compare)
		for i := 2; i < len(at); i++ {
			if at[i].Sub(at[i-2]) <= 2*time.Minute {
				faults = append(faults, fmt.Sprintf("%s: three contacts within %v", c, at[i].Sub(at[i-2])))
			}
		}
	}
	return faults
}

func play(t *testing.T, seed uint64, lie func(*ledger.Ledger)) (faults []string) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, seed, lie)
		ids := s.run(t)
		faults = s.broken(t, ids)
		s.real.Close()
	})
	return faults
}

// TestSimulation: whatever dies, freezes or does not answer, every touch comes
// to its end, nobody has it twice and no cap is exceeded.
func TestSimulation(t *testing.T) {
	for seed := range uint64(*simSeeds) {
		if faults := play(t, seed, nil); len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults)
		}
	}
}

// liar takes the intent out of the ledger: it is neither kept nor told.
type liar struct {
	ledger.Intake
	ledger.Work
}

func (liar) Intend(context.Context, ledger.SegmentRef, int64, []ledger.Intent) ([]int, error) {
	return nil, nil
}

func (l liar) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, h ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	h.Intents = nil
	return l.Intake.AcceptAndClaim(ctx, touches, h)
}

func (l liar) Claim(ctx context.Context, ref ledger.SegmentRef, w string, now, until time.Time) (*ledger.Segment, error) {
	seg, err := l.Work.Claim(ctx, ref, w, now, until)
	if err == nil {
		for i := range seg.Touches {
			seg.Touches[i].Intent = nil
		}
	}
	return seg, err
}

func lie(l *ledger.Ledger) {
	lying := liar{l.Intake, l.Work}
	l.Intake = lying
	l.Work = lying
}

// TestSimulationMissesTheIntent: without it the simulation must see a promise
// broken, or it proves nothing.
func TestSimulationMissesTheIntent(t *testing.T) {
	for seed := range uint64(30) {
		if faults := play(t, seed, lie); len(faults) > 0 {
			t.Logf("seed %d: %v", seed, faults)
			return
		}
	}
	t.Error("30 seeds without intents, and nothing was seen")
}
