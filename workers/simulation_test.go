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

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

var simSeeds = flag.Int("sim.seeds", 4, "how many seeds TestSimulation runs")

const simCap = `policy: sim
rules:
  - id: cap
    cap: {limit: 2, per: 2m, by: [customer]}
`

// sim is several workers, feeders and a reconciler over one ledger and one
// contact log, in a synctest bubble. Time is the bubble's and chance is the
// seed's. Every call takes time, so that workers overlap.
type sim struct {
	real    *ledger.Ledger
	changed *ledger.Ledger // as the workers see it
	log     *contactlog.Model
	dice    *dice
	truth   *simVendor

	mu         sync.Mutex
	queue      []ledger.SegmentRef
	ledgerDown bool // the ledger does not answer
	logDown    bool // the contact log does not answer
	braked     []brakedSpan
}

// brakedSpan is a time in which nothing may go out: from the answer to a brake to
// the call that ends it.
type brakedSpan struct {
	kind     string
	from, to time.Time
}

// dice is a random source that is safe for concurrent use.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) n(n int) int { d.mu.Lock(); defer d.mu.Unlock(); return d.r.IntN(n) }

func (d *dice) pause(most time.Duration) { time.Sleep(time.Duration(d.n(int(most)) + 1)) }

// simVendor keeps the messages it accepted. It does not know an id again and
// cannot be asked, so every second message shows.
type simVendor struct {
	s       *sim
	mu      sync.Mutex
	took    map[string][]time.Time
	failing bool
}

func (v *simVendor) Choose(c touch.Channel, _ adapter.Dispatch, exclude []string) (string, bool, touch.Result) {
	if slices.Contains(exclude, "vendor") {
		return "", false, touch.Result{Class: touch.ResultRetryable, NoAttempt: true}
	}
	return "vendor", true, touch.Result{}
}

func (v *simVendor) SendEach(ctx context.Context, _ string, ds []adapter.Dispatch, may channels.Clearance, done func(int, touch.Result)) {
	var all sync.WaitGroup
	for i, d := range ds {
		all.Go(func() {
			v.s.dice.pause(2 * time.Second)
			if refusal, ok := may.Confirm(ctx, i, i+1); !ok {
				done(i, refusal)
				return
			}
			if time.Now().After(d.NotAfter) {
				done(i, touch.Result{Class: touch.ResultRetryable, Reason: touch.ReasonLate, NoAttempt: true})
				return
			}
			chance := 0
			v.mu.Lock()
			failing := v.failing
			v.mu.Unlock()
			if failing {
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
			default: // unknown: 8 was not accepted, 9 was
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

// simLedger takes a while for each call, and fails before or after it when the
// simulation says so.
type simLedger struct {
	ledger.Intake
	ledger.Work
	s         *sim
	suspended *suspension
}

// unreliable returns the ledger as a worker with that suspension sees it.
func (s *sim) unreliable(suspended *suspension) *ledger.Ledger {
	return s.changed.With(func(l *ledger.Ledger) {
		unreliable := simLedger{l.Intake, l.Work, s, suspended}
		l.Intake = unreliable
		l.Work = unreliable
	})
}

// suspension stops one worker as SIGSTOP does, the renewal of its lease
// included.
type suspension struct {
	mu    sync.Mutex
	until time.Time
}

func (f *suspension) set(until time.Time) { f.mu.Lock(); defer f.mu.Unlock(); f.until = until }

func (f *suspension) wait() {
	f.mu.Lock()
	until := f.until
	f.mu.Unlock()
	time.Sleep(time.Until(until))
}

var errDown = touch.Errorf(touch.Unavailable, "", "the ledger does not answer")

func (l simLedger) call(do func() error) error {
	l.s.dice.pause(20 * time.Millisecond)
	l.suspended.wait()
	l.s.mu.Lock()
	down := l.s.ledgerDown
	l.s.mu.Unlock()
	if down {
		return errDown
	}
	return do()
}

func (l simLedger) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, h ledger.Claim) (as []ledger.Accepted, held []*ledger.Segment, refs []ledger.SegmentRef, err error) {
	err = l.call(func() error { as, held, refs, err = l.Intake.AcceptAndClaim(ctx, touches, h); return err })
	if l.s.dice.n(8) == 0 && l.s.vendorFails() {
		return nil, nil, nil, errDown // it was stored, and the answer was lost
	}
	return as, held, refs, err
}

func (l simLedger) Claim(ctx context.Context, ref ledger.SegmentRef, w string, now, until time.Time) (seg *ledger.Segment, err error) {
	return seg, l.call(func() error { seg, err = l.Work.Claim(ctx, ref, w, now, until); return err })
}

// Release does nothing: a worker of the simulation ends by dying.
func (l simLedger) Release(context.Context, ledger.SegmentRef, string) error { return nil }

func (l simLedger) Renew(ctx context.Context, ref ledger.SegmentRef, w string, until time.Time) error {
	return l.call(func() error { return l.Work.Renew(ctx, ref, w, until) })
}

func (l simLedger) Intend(ctx context.Context, ref ledger.SegmentRef, version ledger.ControlVersion, is []ledger.Intent) (dropped []int, err error) {
	return dropped, l.call(func() error { dropped, err = l.Work.Intend(ctx, ref, version, is); return err })
}

func (l simLedger) Apply(ctx context.Context, ref ledger.SegmentRef, trs []ledger.Transition) error {
	return l.call(func() error { return l.Work.Apply(ctx, ref, trs) })
}

// simLog is a contact log that can be switched off.
type simLog struct {
	contactlog.Log
	s         *sim
	suspended *suspension
}

func (l simLog) Reserve(ctx context.Context, rs []contactlog.Reservation, now time.Time) ([]contactlog.Answer, error) {
	l.s.dice.pause(10 * time.Millisecond)
	defer l.suspended.wait()
	l.s.mu.Lock()
	logDown := l.s.logDown
	l.s.mu.Unlock()
	if logDown {
		return nil, touch.Errorf(touch.Unavailable, "", "the contact log does not answer")
	}
	return l.Log.Reserve(ctx, rs, now)
}

// newSim makes a simulation; change, if set, may remove a protection from the
// ledger.
func newSim(t *testing.T, seed uint64, change func(*ledger.Ledger)) *sim {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &sim{real: l, log: contactlog.NewModel(), dice: &dice{r: rand.New(rand.NewPCG(seed, 3))}}
	s.changed = l
	if change != nil {
		s.changed = l.With(change)
	}
	s.truth = &simVendor{s: s, took: map[string][]time.Time{}, failing: true}
	return s
}

func (s *sim) guard(t *testing.T, suspended *suspension) *policies.Guard {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "sim.yaml", Data: []byte(simCap)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := policies.NewGuard(simLog{s.log, s, suspended}, func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		return nil, nil // the model loses nothing
	})
	g.Use(set)
	return g
}

// run simulates one seed: touches for a few customers, workers that are
// suspended or die, outages, and then health until everything has ended.
func (s *sim) run(t *testing.T) []touch.ID {
	ctx, cancel := context.WithCancel(t.Context())
	watch := ledger.NewControlWatcher(s.real.Controls)
	if err := watch.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	options := func(name string, suspended *suspension) workers.Options {
		return workers.Options{
			Ledger: s.unreliable(suspended), Guard: s.guard(t, suspended), Pool: s.truth, Control: watch, Name: name, Now: time.Now,
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
		suspended := &suspension{}
		all.Go(func() { s.submitUrgent(ctx, options(fmt.Sprintf("s%d", i), suspended), suspended, n) })
	}
	all.Go(func() { watch.Run(ctx, func(error) {}) })
	all.Go(func() { s.brake(ctx, t) })
	all.Go(func() { workers.NewFeeder(options("feeder", &suspension{})).Run(ctx) })
	all.Go(func() { workers.NewReconciler(options("reconciler", &suspension{})).Run(ctx) })
	for i := range 3 {
		suspended := &suspension{}
		all.Go(func() { s.work(ctx, options(fmt.Sprintf("w%d", i), suspended), suspended) })
	}
	for range 20 { // outages
		s.dice.pause(8 * time.Second)
		s.mu.Lock()
		s.ledgerDown, s.logDown = s.dice.n(4) == 0, s.dice.n(4) == 0
		s.mu.Unlock()
	}
	s.mu.Lock()
	s.ledgerDown, s.logDown = false, false
	s.mu.Unlock()
	s.truth.mu.Lock()
	s.truth.failing = false
	s.truth.mu.Unlock()
	time.Sleep(15 * time.Minute) // health
	cancel()
	all.Wait()
	return ids
}

// brake pauses the campaign and stops the channel now and then, as a gateway does
// it, and lets them go.
func (s *sim) brake(ctx context.Context, t *testing.T) {
	l := ledger.AnswerSettled(s.real)
	ref := ledger.CampaignRef{Caller: "bank", Campaign: "spring"}
	status := func(to ledger.CampaignStatus) error {
		return l.Campaigns.SetStatus(ctx, ref.Caller, ref.Campaign, to, "ops", time.Now())
	}
	for i := range 8 {
		s.dice.pause(20 * time.Second)
		kind, begin, end := "pause", func() error { return status(ledger.CampaignPaused) }, func() error { return status(ledger.CampaignRunning) }
		if i%2 == 1 {
			kind = "stop"
			begin = func() error {
				return l.Controls.PutKillSwitch(ctx, ledger.KillSwitch{ID: "s", Channel: touch.SMS}, "ops", time.Now())
			}
			end = func() error { return l.Controls.EndKillSwitch(ctx, "s", "ops", time.Now()) }
		}
		if err := begin(); err != nil {
			t.Error(err)
			return
		}
		span := brakedSpan{kind: kind, from: time.Now()}
		s.dice.pause(10 * time.Second)
		span.to = time.Now()
		s.mu.Lock()
		s.braked = append(s.braked, span)
		s.mu.Unlock()
		if err := end(); err != nil {
			t.Error(err)
			return
		}
	}
}

// work delivers queued segments. Now and then the worker dies (its context ends
// and nobody cleans up) or is suspended.
func (s *sim) work(ctx context.Context, o workers.Options, suspended *suspension) {
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
		if s.dice.n(4) == 0 && s.vendorFails() {
			time.AfterFunc(time.Duration(s.dice.n(int(4*time.Second))), die)
		} else if s.dice.n(3) == 0 && s.vendorFails() {
			still := 8*time.Second + time.Duration(s.dice.n(int(12*time.Second)))
			time.AfterFunc(time.Duration(s.dice.n(int(100*time.Millisecond))), func() { suspended.set(time.Now().Add(still)) })
		}
		o.Name = fmt.Sprintf("%s-%d", o.Name[:2], n)
		_ = workers.NewDeliverer(o).Handle(life, ref) // an error is for the queue; the reconciler finds the segment
		die()
	}
}

// submitUrgent submits a touch until it is accepted, each time to a worker that
// may die or be suspended while it delivers.
func (s *sim) submitUrgent(ctx context.Context, o workers.Options, suspended *suspension, n ledger.NewTouch) {
	n.Enqueue = true
	for try := 0; ctx.Err() == nil; try++ {
		s.dice.pause(20 * time.Second)
		life, die := context.WithCancel(ctx)
		switch s.dice.n(3) {
		case 0:
			time.AfterFunc(time.Duration(s.dice.n(int(3*time.Second))), die)
		case 1:
			still := 8*time.Second + time.Duration(s.dice.n(int(12*time.Second)))
			time.AfterFunc(time.Duration(s.dice.n(int(100*time.Millisecond))), func() { suspended.set(time.Now().Add(still)) })
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

// simSlot runs work until the worker's life ends. The reconciler finds what
// fails.
type simSlot struct {
	life context.Context
	work *sync.WaitGroup
}

func (s simSlot) Run(ref ledger.SegmentRef, do func(context.Context, ledger.SegmentRef) error) {
	s.work.Go(func() { _ = do(s.life, ref) })
}

func (simSlot) Release() {}

func (s *sim) vendorFails() bool {
	s.truth.mu.Lock()
	defer s.truth.mu.Unlock()
	return s.truth.failing
}

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

// simTouch makes the i-th touch, due now.
func simTouch(i int) ledger.NewTouch {
	key := fmt.Sprintf("k%d", i)
	tc := touch.Touch{ID: touch.NewID("bank", key), Caller: "bank", AcceptedAt: time.Now(), Request: touch.Request{
		Key: key, Customer: fmt.Sprintf("c%d", i%3), Category: touch.Service, Campaign: "spring",
		Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
		Addresses: map[touch.Channel]string{touch.SMS: "+100"},
	}}
	return ledger.NewTouch{Touch: tc, Digest: tc.Digest(), State: touch.StateDue, Due: time.Now(), Lane: touch.Lane(touch.SMS, false)}
}

// violations returns the promises that were broken.
func (s *sim) violations(t *testing.T, ids []touch.ID) (faults []string) {
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
		for _, at := range took {
			for _, span := range s.braked {
				if at.After(span.from) && at.Before(span.to) {
					faults = append(faults, fmt.Sprintf("%s went out %v after a %s was answered", v.Touch.Key, at.Sub(span.from), span.kind))
				}
			}
		}
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

func simulate(t *testing.T, seed uint64, change func(*ledger.Ledger)) (faults []string) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, seed, change)
		ids := s.run(t)
		faults = s.violations(t, ids)
		s.real.Close()
	})
	return faults
}

// TestSimulation: whatever dies, is suspended, is braked or does not answer, every
// touch ends, none is sent twice or after a brake was answered, and no cap is
// exceeded.
func TestSimulation(t *testing.T) {
	for seed := range uint64(*simSeeds) {
		if faults := simulate(t, seed, nil); len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults)
		}
	}
}

// withoutIntents is a ledger that keeps no intents.
type withoutIntents struct {
	ledger.Intake
	ledger.Work
}

func (withoutIntents) Intend(context.Context, ledger.SegmentRef, ledger.ControlVersion, []ledger.Intent) ([]int, error) {
	return nil, nil
}

func (l withoutIntents) AcceptAndClaim(ctx context.Context, touches []ledger.NewTouch, h ledger.Claim) ([]ledger.Accepted, []*ledger.Segment, []ledger.SegmentRef, error) {
	h.Intents = nil
	return l.Intake.AcceptAndClaim(ctx, touches, h)
}

func (l withoutIntents) Claim(ctx context.Context, ref ledger.SegmentRef, w string, now, until time.Time) (*ledger.Segment, error) {
	seg, err := l.Work.Claim(ctx, ref, w, now, until)
	if err == nil {
		for i := range seg.Touches {
			seg.Touches[i].Intent = nil
		}
	}
	return seg, err
}

func dropIntents(l *ledger.Ledger) {
	w := withoutIntents{l.Intake, l.Work}
	l.Intake = w
	l.Work = w
}

// TestSimulationWithoutIntents: without intents the simulation must see a
// broken promise, or it proves nothing.
func TestSimulationWithoutIntents(t *testing.T) {
	for seed := range uint64(30) {
		if faults := simulate(t, seed, dropIntents); len(faults) > 0 {
			t.Logf("seed %d: %v", seed, faults)
			return
		}
	}
	t.Error("30 seeds without intents, and no violation was seen")
}
