package workers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// timedVendor takes a while for each call, and knows when each began and ended.
type timedVendor struct {
	takes time.Duration
	mu    sync.Mutex
	began map[string]time.Time // by dispatch id
	ended map[string]time.Time
}

func (v *timedVendor) Send(_ context.Context, d adapter.Dispatch) touch.Result {
	v.mu.Lock()
	v.began[d.ID] = time.Now()
	v.mu.Unlock()
	time.Sleep(v.takes)
	v.mu.Lock()
	v.ended[d.ID] = time.Now()
	v.mu.Unlock()
	return touch.Result{Class: touch.ResultAccepted}
}

// after counts the calls that began, and those that ended, later than an instant.
func (v *timedVendor) after(at time.Time) (began, ended int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.began {
		if t.After(at) {
			began++
		}
	}
	for _, t := range v.ended {
		if t.After(at) {
			ended++
		}
	}
	return began, ended
}

func (v *timedVendor) calls() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.began)
}

// slowControls takes up to 150 ms for each read of the version.
type slowControls struct {
	ledger.Controls
	dice *dice
}

func (c slowControls) Version(ctx context.Context) (ledger.ControlVersion, error) {
	c.dice.pause(75 * time.Millisecond)
	version, err := c.Controls.Version(ctx)
	c.dice.pause(75 * time.Millisecond)
	return version, err
}

// fleet is several processes with workers and a view of their own, over one
// ledger, real providers and one slow vendor, in a synctest bubble.
type fleet struct {
	t      *testing.T
	ledger *ledger.Ledger // as the gateway has it
	vendor *timedVendor
	queue  chan ledger.SegmentRef
	loops  *loop.Group
}

func startFleet(t *testing.T, nodes int, seed uint64) *fleet {
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{
		t: t, ledger: ledger.AnswerSettled(l), queue: make(chan ledger.SegmentRef, 1000), loops: loop.NewGroup(t.Context()),
		vendor: &timedVendor{takes: 50 * time.Millisecond, began: map[string]time.Time{}, ended: map[string]time.Time{}},
	}
	for n := range nodes {
		f.startNode(l, n, seed)
	}
	return f
}

func (f *fleet) startNode(l *ledger.Ledger, n int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	watch := ledger.NewControlWatcher(slowControls{l.Controls, &dice{r: r}})
	if err := watch.Refresh(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	provider := channels.NewProvider(channels.ProviderConfig{Name: "sms-a", Channel: touch.SMS, Weight: 1, Concurrency: 64},
		f.vendor, adapter.Capabilities{EchoesID: true}, channels.Options{})
	o := workers.Options{
		Ledger: l, Guard: &scriptedGuard{log: map[string]string{}}, Pool: channels.NewPool([]*channels.Provider{provider}, channels.Options{}),
		Control: watch, Name: fmt.Sprintf("w%d", n), Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2)), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Enqueue: func(_ context.Context, refs []ledger.SegmentRef) error {
			for _, ref := range refs {
				f.queue <- ref
			}
			return nil
		},
	}
	f.loops.Go(func(ctx context.Context) { watch.Run(ctx, func(err error) { f.t.Error(err) }) })
	if n == 0 {
		f.loops.Go(workers.NewFeeder(o).Run)
		f.loops.Go(workers.NewReconciler(o).Run)
	}
	deliverer := workers.NewDeliverer(o)
	for range 4 {
		f.loops.Go(func(ctx context.Context) {
			for {
				select {
				case <-ctx.Done():
					return
				case ref := <-f.queue:
					_ = deliverer.Handle(ctx, ref) // the reconciler finds what fails
				}
			}
		})
	}
}

func (f *fleet) submit(campaign string, n int) {
	f.t.Helper()
	for begin := 0; begin < n; begin += 500 {
		var all []ledger.NewTouch
		for i := begin; i < min(begin+500, n); i++ {
			key := fmt.Sprint(campaign, i)
			t := touch.Touch{ID: touch.NewID("bank", key), Caller: "bank", AcceptedAt: time.Now(), Request: touch.Request{
				Key: key, Customer: key, Category: touch.Service, Campaign: campaign,
				Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
				Addresses: map[touch.Channel]string{touch.SMS: "+100"},
			}}
			all = append(all, ledger.NewTouch{Touch: t, Digest: t.Digest(), State: touch.StateDue, Due: time.Now(), Lane: touch.Lane(touch.SMS, false)})
		}
		if _, _, err := f.ledger.Intake.Accept(f.t.Context(), all); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fleet) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) stop() {
	f.loops.Stop()
	f.must(f.ledger.Close())
}

// brakeOrders are what stops a campaign "wrong", and what lets it go on.
var brakeOrders = map[string]struct {
	brake, end func(context.Context, *ledger.Ledger) error
}{
	"pause": {
		func(ctx context.Context, l *ledger.Ledger) error {
			return l.Campaigns.SetStatus(ctx, "bank", "wrong", ledger.CampaignPaused, "ops", time.Now())
		},
		func(ctx context.Context, l *ledger.Ledger) error {
			return l.Campaigns.SetStatus(ctx, "bank", "wrong", ledger.CampaignRunning, "ops", time.Now())
		},
	},
	"cancel": {brake: func(ctx context.Context, l *ledger.Ledger) error {
		return l.Campaigns.SetStatus(ctx, "bank", "wrong", ledger.CampaignCancelled, "ops", time.Now())
	}},
	"stop": {
		func(ctx context.Context, l *ledger.Ledger) error {
			return l.Controls.PutKillSwitch(ctx, ledger.KillSwitch{ID: "s", Channel: touch.SMS}, "ops", time.Now())
		},
		func(ctx context.Context, l *ledger.Ledger) error {
			return l.Controls.EndKillSwitch(ctx, "s", "ops", time.Now())
		},
	},
}

// TestNoCallAfterTheAnswer: two nodes send a campaign by a vendor of 50 ms, 64
// calls at once each. After a brake is answered no call begins, and only those in
// flight end. When it is over everything goes on within five seconds, also what
// is submitted just after.
func TestNoCallAfterTheAnswer(t *testing.T) {
	for name, order := range brakeOrders {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				synctest.Test(t, func(t *testing.T) {
					f := startFleet(t, 2, seed)
					defer f.stop()
					f.submit("wrong", 3000)
					time.Sleep(time.Duration(300+270*seed) * time.Millisecond)
					f.must(order.brake(t.Context(), f.ledger))
					answered := time.Now()
					atAnswer := f.vendor.calls()
					if atAnswer == 0 || atAnswer >= 3000 {
						t.Fatalf("%d calls before the brake: it tells nothing", atAnswer)
					}
					time.Sleep(20 * time.Second)
					if began, ended := f.vendor.after(answered); began > 0 || ended > 2*64 {
						t.Fatalf("seed %d: %d calls began and %d ended after the answer", seed, began, ended)
					}
					if order.end == nil {
						return
					}

					f.must(order.end(t.Context(), f.ledger))
					over := time.Now()
					f.submit("later", 1500)
					for f.vendor.calls() < 4500 && time.Since(over) < time.Minute {
						time.Sleep(10 * time.Millisecond)
					}
					// 128 calls at a time of 50 ms each take at least 1.2 s for what was left.
					if took := time.Since(over); took > 5*time.Second {
						t.Fatalf("seed %d: %d of 4,500 went out, %v after the end", seed, f.vendor.calls(), took)
					}
				})
			}
		})
	}
}

// TestCallsAfterTheCommit: before the answer calls still begin that do not know of
// the brake. Without the wait the promise would be broken, or the test above
// proves nothing.
func TestCallsAfterTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFleet(t, 2, 1)
		defer f.stop()
		f.submit("wrong", 3000)
		time.Sleep(500 * time.Millisecond)
		begin := time.Now()
		f.must(brakeOrders["pause"].brake(t.Context(), f.ledger))
		if began, _ := f.vendor.after(begin); began == 0 {
			t.Error("no call began between the commit and the answer")
		}
	})
}

// TestFlippingDelaysNobody: a campaign that is paused and resumed 150 times a
// second voids no verdict on the touches of another one.
func TestFlippingDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := func(flip bool) time.Duration {
			f := startFleet(t, 1, 1)
			defer f.stop()
			flipping := loop.NewGroup(t.Context())
			defer flipping.Stop()
			if flip {
				f.submit("wrong", 1)
				for i := range 40 {
					flipping.Go(func(ctx context.Context) {
						time.Sleep(time.Duration(i) * 7 * time.Millisecond)
						for ctx.Err() == nil {
							_ = brakeOrders["pause"].brake(ctx, f.ledger)
							_ = brakeOrders["pause"].end(ctx, f.ledger)
						}
					})
				}
			}
			begin := time.Now()
			f.submit("other", 3000)
			for f.vendor.calls() < 3000 && time.Since(begin) < time.Minute {
				time.Sleep(5 * time.Millisecond)
			}
			return time.Since(begin)
		}
		alone, beside := took(false), took(true)
		if beside > alone*11/10 {
			t.Errorf("%v alone, %v beside a campaign that is flipped", alone, beside)
		}
	})
}
