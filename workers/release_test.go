package workers_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// release is a morning: what waited for the end of quiet hours is due at once,
// and goes out by the real feeder, workers and pool on the bubble's clock.
type release struct {
	*house
	opening time.Time
	pool    *channels.Pool
	made    int
	mu      sync.Mutex
	judged  int
	waiting map[touch.ID]touch.Touch
	sent    []sending // in the vendors' order
}

// sending is a message that a vendor took.
type sending struct {
	touch.Touch
	provider string
	after    time.Duration // since the opening
}

// clerk is a vendor that needs a moment for each message; ill says whether it
// fails now.
type clerk struct {
	r    *release
	name string
	ill  func() bool
}

func (c clerk) Send(_ context.Context, d adapter.Dispatch) touch.Result {
	at := time.Since(c.r.opening)
	time.Sleep(50 * time.Millisecond)
	if c.ill != nil && c.ill() {
		return touch.Result{Class: touch.ResultRetryable}
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.sent = append(c.r.sent, sending{c.r.waiting[d.Touch], c.name, at})
	return touch.Result{Class: touch.ResultAccepted}
}

// provider is one for newRelease.
type provider struct {
	channel touch.Channel
	rate    float64
	ill     func() bool
}

func newRelease(t *testing.T, providers ...provider) *release {
	r := &release{house: newHouse(t), opening: time.Now(), waiting: map[touch.ID]touch.Touch{}}
	r.now = r.opening
	var all []*channels.Provider
	for i, p := range providers {
		name := fmt.Sprintf("%s-%d", p.channel, i)
		cfg := channels.ProviderConfig{Name: name, Channel: p.channel, Weight: 1, Rate: p.rate, Breaker: channels.BreakerConfig{Open: touch.Duration(time.Hour)}}
		all = append(all, channels.NewProvider(cfg, clerk{r, name, p.ill}, adapter.Capabilities{}, channels.Options{}))
	}
	r.pool = channels.NewPool(all, channels.Options{})
	r.guard.say = func(policies.Question) touch.Verdict {
		r.judged++ // under the guard's lock
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	return r
}

// wait submits n touches that are due now; edit changes each before it goes in.
func (r *release) wait(n int, edit func(i int, t *touch.Touch)) {
	r.house.mu.Lock()
	r.now = time.Now()
	r.house.mu.Unlock()
	for from := 0; from < n; from += touch.MaxBatch {
		r.submit(min(touch.MaxBatch, n-from), func(i int, t *touch.Touch) {
			r.made++
			t.Key = fmt.Sprintf("r%d", r.made)
			t.ID = touch.NewID("bank", t.Key)
			t.Customer = t.Key
			edit(from+i, t)
			r.mu.Lock()
			r.waiting[t.ID] = *t
			r.mu.Unlock()
		})
	}
}

// open lets the morning pass: feeder, workers, and what else happens in it.
func (r *release) open(lasts time.Duration, meanwhile func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	queue := make(chan ledger.SegmentRef, 1000)
	o := r.options("w")
	o.Now, o.Pool = time.Now, r.pool
	o.Enqueue = func(_ context.Context, refs []ledger.SegmentRef) error {
		for _, ref := range refs {
			queue <- ref
		}
		return nil
	}
	deliver := workers.NewDeliverer(o)
	var all sync.WaitGroup
	all.Go(func() { workers.NewFeeder(o).Run(ctx) })
	for range 24 {
		all.Go(func() {
			for {
				select {
				case ref := <-queue:
					if err := deliver.Handle(ctx, ref); err != nil && ctx.Err() == nil {
						r.t.Error(err)
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	if meanwhile != nil {
		all.Go(meanwhile)
	}
	time.Sleep(lasts)
	cancel()
	all.Wait()
}

// perSecond fails where a provider was handed more than most within a second.
func (r *release) perSecond(name string, most int) {
	r.t.Helper()
	var at []time.Duration
	for _, s := range r.sent {
		if s.provider == name {
			at = append(at, s.after)
		}
	}
	slices.Sort(at)
	for i := most; i < len(at); i++ {
		if at[i]-at[i-most] < time.Second {
			r.t.Errorf("%s was handed over %d within the second before %v", name, most, at[i])
			return
		}
	}
}

// lastOf is when the last of those that belong went out, and how many did.
func (r *release) lastOf(belongs func(s *sending) bool) (last time.Duration, n int) {
	for i := range r.sent {
		if belongs(&r.sent[i]) {
			last, n = max(last, r.sent[i].after), n+1
		}
	}
	return last, n
}

// TestReleaseAfterQuietHours: the night's backlog goes out at the provider's
// rate, by priority and then expiry. What comes late with a higher priority
// goes next. Nothing expires that could have been sent in time, and hardly
// anything knocks twice.
func TestReleaseAfterQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			rate, third, late = 50, 200, 100
			touches           = 9 * third
			slack             = 4 * time.Second // for those that come late, and for the moment that a message takes
			moment            = time.Second
		)
		r := newRelease(t, provider{channel: touch.SMS, rate: rate})
		priorities := []int{7, 5, 1}
		r.wait(touches, func(i int, t *touch.Touch) {
			p, group := i%3, 2-i/3%3 // the later ones expire first, and some when there is just time for them
			t.Priority = priorities[p]
			expires := r.opening.Add(time.Duration(group)*10*time.Minute + time.Duration(p*3+1)*third*time.Second/rate + slack)
			t.ExpiresAt = &expires
		})
		const lateAt = 14 * time.Second
		r.open(touches/rate*time.Second+slack, func() {
			time.Sleep(lateAt)
			r.wait(late, func(_ int, t *touch.Touch) { t.Priority = 8 })
		})
		if len(r.sent) != touches+late {
			t.Fatalf("%d of %d went out", len(r.sent), touches+late)
		}
		r.perSecond("sms-0", rate+rate/4)
		isLate := func(s *sending) bool { return s.Priority == 8 }
		if last, n := r.lastOf(isLate); n != late || last > lateAt+late/rate*time.Second+moment {
			t.Errorf("%d that came late with a higher priority were out after %v", n, last)
		}
		before := func(a, b *sending) int {
			return cmp.Or(b.Priority-a.Priority, a.ExpiresAt.Compare(*b.ExpiresAt))
		}
		r.sent = slices.DeleteFunc(r.sent, func(s sending) bool { return isLate(&s) })
		for i := range r.sent {
			for j := i + 1; j < len(r.sent); j += 10 {
				if a, b := &r.sent[i], &r.sent[j]; before(a, b) > 0 && b.after-a.after > moment {
					t.Fatalf("priority %d went out at %v, before priority %d at %v", a.Priority, a.after, b.Priority, b.after)
				}
			}
		}
		if r.judged > (touches+late)*11/10 {
			t.Errorf("%d touches knocked %d times", touches+late, r.judged)
		}
		t.Logf("%d touches in %v, judged %d times", touches+late, r.sent[len(r.sent)-1].after, r.judged)
	})
}

// TestLanesAreReleasedApart: a slow channel holds no other up.
func TestLanesAreReleasedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const touches = 60
		rates := map[touch.Channel]float64{touch.SMS: 50, touch.Push: 20, touch.Popup: 0, touch.Inbox: 100, touch.AICall: 10, touch.RMTask: 2}
		var providers []provider
		for _, c := range touch.Channels() {
			providers = append(providers, provider{channel: c, rate: rates[c]})
		}
		r := newRelease(t, providers...)
		for _, c := range touch.Channels() {
			r.wait(touches, func(_ int, t *touch.Touch) { t.Plan[0].Channel = c })
		}
		r.open(35*time.Second, nil)
		for _, c := range touch.Channels() {
			last, n := r.lastOf(func(s *sending) bool { return s.Plan[0].Channel == c })
			t.Logf("%s: %d of %d after %v", c, n, touches, last)
			within := 2 * time.Second
			if rates[c] > 0 {
				within += time.Duration(touches / rates[c] * float64(time.Second))
			}
			if n != touches || last > within {
				t.Errorf("%s: %d of %d after %v, want all within %v", c, n, touches, last, within)
			}
		}
	})
}

// TestReleaseWithoutAnIllProvider: from when its breaker opens, the others'
// rate is what is fed, and nearly nobody knocks in vain.
func TestReleaseWithoutAnIllProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const touches, fails = 600, 6 * time.Second
		start := time.Now()
		r := newRelease(t, provider{channel: touch.SMS, rate: 30},
			provider{channel: touch.SMS, rate: 20, ill: func() bool { return time.Since(start) > fails }})
		r.wait(touches, func(int, *touch.Touch) {})
		if got := r.pool.Rate(touch.SMS, nil); got != 50 {
			t.Errorf("both take %v", got)
		}
		r.open(20*time.Second, nil)
		if got := r.pool.Rate(touch.SMS, nil); got != 30 {
			t.Errorf("the healthy one takes %v", got)
		}
		r.perSecond("sms-0", 30+30/4)
		last, n := r.lastOf(func(*sending) bool { return true })
		const failed = 25 // before the breaker opens; each is retried in its own time
		if n < touches-failed || last > fails+(touches-6*50)*time.Second/30+3*time.Second {
			t.Errorf("%d of %d were out after %v", n, touches, last)
		}
		if r.judged > touches*3/2 {
			t.Errorf("%d touches were judged %d times", touches, r.judged)
		}
		t.Logf("%d touches in %v, judged %d times", n, last, r.judged)
	})
}

// TestReleasePastWhatMayNotGo: most of what is due must wait once more, by a
// cap. That leaves the provider's rate to the others.
func TestReleasePastWhatMayNotGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const touches, rate = 800, 50 // of whom every other may go
		r := newRelease(t, provider{channel: touch.SMS, rate: rate})
		r.guard.say = func(q policies.Question) touch.Verdict {
			if q.Touch.Priority == 3 {
				return touch.Verdict{Decision: touch.DecisionDefer, Rule: "weekly", Until: q.Now.Add(24 * time.Hour)}
			}
			return touch.Verdict{Decision: touch.DecisionAllow}
		}
		r.wait(touches, func(i int, t *touch.Touch) {
			t.Priority = 3
			if i%2 == 0 {
				t.Priority = 2
			}
		})
		r.open(15*time.Second, nil)
		if last, n := r.lastOf(func(*sending) bool { return true }); n != touches/2 || last > 12*time.Second {
			t.Errorf("%d of %d were out after %v", n, touches/2, last)
		} else {
			t.Logf("%d in %v", n, last)
		}
	})
}

// TestUrgentIsReleasedFirst: a channel's urgent lane takes the rate, and bulk
// what it leaves.
func TestUrgentIsReleasedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const urgent, bulk, rate = 250, 250, 50
		r := newRelease(t, provider{channel: touch.SMS, rate: rate})
		r.wait(bulk, func(int, *touch.Touch) {})
		r.wait(urgent, func(_ int, t *touch.Touch) { t.Category = touch.Transactional })
		r.open(15*time.Second, nil)
		isUrgent := func(s *sending) bool { return s.Category == touch.Transactional }
		last, n := r.lastOf(isUrgent)
		if n != urgent || last > (urgent/rate+1)*time.Second {
			t.Errorf("%d urgent ones were out after %v", n, last)
		}
		all, sent := r.lastOf(func(*sending) bool { return true })
		if sent != urgent+bulk || all > ((urgent+bulk)/rate+2)*time.Second {
			t.Errorf("%d of all were out after %v", sent, all)
		}
		t.Logf("urgent after %v, all after %v, judged %d times", last, all, r.judged)
	})
}
