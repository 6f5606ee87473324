package workers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.yaml.in/yaml/v3"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/remote"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// cappedPolicy has windows that are shorter than the gap between judging and
// sending. A reservation that aged during the gap would leave the window too
// early.
const cappedPolicy = `policy: capped
zone: UTC
rules:
  - {id: all, cap: {limits: [{limit: 5, per: 1s}, {limit: 12, per: 3s}]}}
  - {id: subject, cap: {limit: 1, per: 120ms, by: [subject]}}
  - {id: channel, cap: {limit: 2, per: 250ms, by: [channel]}}
  - {id: bills, when: subject == "bill", cap: {limit: 2, per: day, by: [subject]}}
`

// window is one of these caps, as the test counts it; span 0 is a day.
type window struct {
	name  string
	limit int
	span  time.Duration
	key   func(t *touch.Touch) string // "": the touch is not counted
}

var windows = []window{
	{"all, 1s", 5, time.Second, func(t *touch.Touch) string { return t.Customer }},
	{"all, 3s", 12, 3 * time.Second, func(t *touch.Touch) string { return t.Customer }},
	{"subject, 120ms", 1, 120 * time.Millisecond, func(t *touch.Touch) string { return t.Customer + "/" + t.Subject }},
	{"channel, 250ms", 2, 250 * time.Millisecond, func(t *touch.Touch) string { return t.Customer + "/" + string(t.Plan[0].Channel) }},
	{"bills, day", 2, 0, func(t *touch.Touch) string {
		if t.Subject != "bill" {
			return ""
		}
		return t.Customer
	}},
}

const (
	longestGap   = 300 * time.Millisecond // between judging and sending
	cappedFor    = 5 * time.Second
	cappedAtMost = 15 * time.Second // until a broken log must be detected
)

// TestCapsByVendorClock has 32 workers deliver to a vendor through the real
// guard and a contact log on Redis, over a midnight. Each worker waits up to
// 300 ms between judging and sending. Then the messages that the vendor
// accepted, by its own clock, are counted in every position of every window.
func TestCapsByVendorClock(t *testing.T) {
	c := newCapped(t, func(log contactlog.Log) contactlog.Log { return log })
	c.deliver(cappedFor, func() bool { return false })
	if over := c.over(); len(over) > 0 {
		t.Errorf("%d times over: %s", len(over), strings.Join(over[:min(5, len(over))], "; "))
	}
	n := len(c.vendor.Received().All())
	t.Logf("%d messages to %d customers", n, cappedCustomers)
	if n < 3*cappedCustomers {
		t.Errorf("only %d messages went out: the caps were not tried", n)
	}
}

// TestCapsDetectAgingReservations removes the rule that a pending reservation
// never ages. The same count must find caps that were exceeded.
func TestCapsDetectAgingReservations(t *testing.T) {
	c := newCapped(t, func(log contactlog.Log) contactlog.Log { return agingLog{log} })
	c.deliver(cappedAtMost, func() bool { return len(c.over()) > 0 })
	over := c.over()
	if len(over) == 0 {
		t.Fatal("nobody went over a cap")
	}
	t.Logf("%d times over: %s", len(over), over[0])
}

// agingLog is a contact log whose reservations age like contacts, from the
// moment they are made.
type agingLog struct{ contactlog.Log }

func (a agingLog) Reserve(ctx context.Context, rs []contactlog.Reservation, now time.Time) ([]contactlog.Answer, error) {
	answers, err := a.Log.Reserve(ctx, rs, now)
	if err != nil {
		return nil, err
	}
	var ss []contactlog.Settlement
	for i := range answers {
		if answers[i].Admitted {
			ss = append(ss, contactlog.Settlement{Customer: rs[i].Customer, ID: rs[i].Entry.ID, At: now})
		}
	}
	return answers, a.Settle(ctx, ss)
}

// capped is a set of workers, their vendor and the submitted touches.
type capped struct {
	t       *testing.T
	ledger  *ledger.Ledger
	vendor  *simulator.Server
	touches map[string]*touch.Touch // by dispatch id
	options workers.Options
	offset  time.Duration
}

const cappedCustomers, cappedTouches = 16, 40

func newCapped(t *testing.T, wrap func(contactlog.Log) contactlog.Log) *capped {
	t.Helper()
	// The clock is shifted so that midnight comes in the middle of the run.
	start := time.Now().UTC()
	c := &capped{t: t, touches: map[string]*touch.Touch{}, offset: start.Truncate(24 * time.Hour).Add(24*time.Hour - cappedFor/2).Sub(start)}
	var err error
	if c.ledger, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.ledger.Close() })
	watch := ledger.NewControlWatcher(c.ledger.Controls)
	if err := watch.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.vendor, err = simulator.Start("", simulator.Options{Now: c.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.vendor.Close)
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(t)})
	t.Cleanup(func() { client.Close() })
	set, err := ruleset.Compile([]ruleset.Source{{Name: "capped.yaml", Data: []byte(cappedPolicy)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard := policies.NewGuard(wrap(contactlog.NewRedis(client, contactlog.Options{})), noContacts)
	guard.Use(set)
	c.options = workers.Options{
		Ledger: c.ledger.With(func(l *ledger.Ledger) { l.Work = slowIntend{l.Work} }), Guard: guard, Pool: c.pool(), Control: watch, Now: c.now,
		Rand: rand.New(rand.NewPCG(1, 2)), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Enqueue: func(context.Context, []ledger.SegmentRef) error { return nil }, // deliver feeds for itself
	}
	c.submit()
	return c
}

// noContacts is a loader that knows no contacts: these tests never lose the
// log.
func noContacts(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
	return nil, nil
}

func (c *capped) now() time.Time { return time.Now().Add(c.offset) }

// slowIntend waits before each intent, so a message is sent a while after its
// verdict.
type slowIntend struct{ ledger.Work }

func (d slowIntend) Intend(ctx context.Context, ref ledger.SegmentRef, version ledger.ControlVersion, is []ledger.Intent) ([]int, error) {
	<-time.After(rand.N(longestGap))
	return d.Work.Intend(ctx, ref, version, is)
}

func (c *capped) pool() *channels.Pool {
	var configs []channels.ProviderConfig
	for _, channel := range []string{"sms", "push"} {
		text := fmt.Sprintf("[{name: %s-a, adapter: remote, channel: %s, weight: 1, config: {url: %q, secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}}]", channel, channel, c.vendor.URL(channel+"-a"))
		var one []channels.ProviderConfig
		if err := yaml.Unmarshal([]byte(text), &one); err != nil {
			c.t.Fatal(err)
		}
		configs = append(configs, one...)
	}
	transport := channels.NewTransport()
	c.t.Cleanup(transport.CloseIdleConnections)
	pool, err := channels.NewRegistry(remote.Factory()).Open(configs, adapter.Options{Transport: transport}, channels.Options{Now: c.now})
	if err != nil {
		c.t.Fatal(err)
	}
	return pool
}

func (c *capped) submit() {
	var all []ledger.NewTouch
	for i := range cappedCustomers * cappedTouches {
		key := fmt.Sprint("k", i)
		channel := []touch.Channel{touch.SMS, touch.Push}[i/cappedCustomers%2]
		t := touch.Touch{ID: touch.NewID("bank", key), Caller: "bank", AcceptedAt: c.now(), Request: touch.Request{
			Key: key, Customer: fmt.Sprint("c", i%cappedCustomers), Category: touch.Service, Subject: []string{"bill", "loan", "card"}[i/cappedCustomers%3],
			Plan:      []touch.Leg{{Channel: channel, Content: &touch.Content{Body: "hello"}}},
			Addresses: map[touch.Channel]string{channel: "to-" + key},
		}}
		c.touches[touch.DispatchID(t.ID, 0)] = &t
		all = append(all, ledger.NewTouch{Touch: t, Digest: t.Digest(), State: touch.StateDue, Due: c.now(), Lane: touch.Lane(channel, false)})
	}
	if _, _, err := c.ledger.Intake.Accept(c.t.Context(), all); err != nil {
		c.t.Fatal(err)
	}
}

// deliver has 32 workers feed and deliver until the time is over or enough is
// true.
func (c *capped) deliver(most time.Duration, enough func() bool) {
	ctx, cancel := context.WithTimeout(c.t.Context(), most)
	defer cancel()
	var all sync.WaitGroup
	for w := range 32 {
		o := c.options
		o.Name = fmt.Sprint("w", w)
		worker, lane := workers.NewDeliverer(o), touch.Lane([]touch.Channel{touch.SMS, touch.Push}[w%2], false)
		all.Go(func() {
			for ctx.Err() == nil {
				ref, _, found, err := c.ledger.Work.Feed(ctx, lane, c.now(), 3)
				if err == nil && found {
					err = worker.Handle(context.WithoutCancel(ctx), ref)
				}
				if err != nil && ctx.Err() == nil {
					c.t.Error(err)
					return
				}
				if !found {
					<-time.After(10 * time.Millisecond)
				}
			}
		})
	}
	for ctx.Err() == nil && !enough() {
		<-time.After(200 * time.Millisecond)
	}
	cancel()
	all.Wait()
}

// over returns every window that holds too many messages, by the vendor's log
// alone. A contact exactly as old as the window still counts.
func (c *capped) over() (found []string) {
	taken := c.vendor.Received().All()
	slices.SortStableFunc(taken, func(a, b simulator.ReceivedMessage) int { return a.At.Compare(b.At) })
	for _, w := range windows {
		at := map[string][]time.Time{}
		for _, m := range taken {
			t := c.touches[m.Dispatch]
			key := w.key(t)
			if key == "" {
				continue
			}
			if w.span == 0 {
				key += m.At.UTC().Format(" " + time.DateOnly)
			}
			if at[key] = append(at[key], m.At); len(at[key]) <= w.limit {
				continue
			}
			if all := at[key]; w.span == 0 || m.At.Sub(all[len(all)-1-w.limit]) <= w.span {
				found = append(found, fmt.Sprintf("%s: %s has more than %d", w.name, key, w.limit))
			}
		}
	}
	return found
}
