package queue

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"touchgate.dev/internal/redisembed"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eachRedis runs a test over every kind of Redis.
func eachRedis(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Parallel()
	kinds := map[string]func(t testing.TB) redis.UniversalClient{
		"embedded": func(t testing.TB) redis.UniversalClient {
			s, err := redisembed.Start(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return redis.NewClient(s.Options())
		},
		"redis": func(t testing.TB) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: servertest.Redis(t)})
		},
		"cluster": func(t testing.TB) redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: servertest.RedisCluster(t)})
		},
	}
	for name, start := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := start(t)
			t.Cleanup(func() { _ = client.Close() })
			test(t, client)
		})
	}
}

// serve runs lanes in the background; call stop to stop them and wait.
func serve(t *testing.T, l *Queue, cs []Lane, handle Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, cs, handle) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// depth is how many tasks a lane holds in all states.
func depth(ctx context.Context, q *Queue, lane string) (int, error) {
	l, err := q.load(ctx, lane)
	return int(l.pending + l.active + l.retry), err
}

func refs(lane string, from, to int64) (all []ledger.SegmentRef) {
	for n := from; n < to; n++ {
		all = append(all, ledger.SegmentRef{Segment: n, Epoch: 1, Lane: lane})
	}
	return all
}

const urgent, bulk = "sms.urgent", "sms.bulk"

func fast(name string) Lane {
	return Lane{Name: name, Concurrency: 4, Servers: 2, PollInterval: 5 * time.Millisecond}
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out before %s", what)
		}
	}
}

func TestEachSegmentIsHandledOnce(t *testing.T) {
	eachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		l := New(Options{Redis: client})
		all := append(refs(urgent, 0, 30), refs(bulk, 0, 30)...)
		for range 2 { // the second time is a conflict, which counts as success
			if err := l.Enqueue(t.Context(), all); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := depth(t.Context(), l, urgent); n != 30 || err != nil {
			t.Fatal(n, err)
		}
		var mu sync.Mutex
		seen := map[ledger.SegmentRef]int{}
		stop := serve(t, l, []Lane{fast(urgent), fast(bulk)}, func(_ context.Context, ref ledger.SegmentRef) error {
			mu.Lock()
			seen[ref]++
			mu.Unlock()
			return nil
		})
		defer stop()
		wait(t, "the lanes are empty", func() bool {
			a, err1 := depth(t.Context(), l, urgent)
			b, err2 := depth(t.Context(), l, bulk)
			return a+b == 0 && err1 == nil && err2 == nil
		})
		stop()
		for _, ref := range all {
			if seen[ref] != 1 {
				t.Fatalf("%+v was handled %d times", ref, seen[ref])
			}
		}
		next := refs(urgent, 0, 1)
		next[0].Epoch = 2 // the same segment at a later epoch is another task
		if err := l.Enqueue(t.Context(), append(next, refs(urgent, 0, 1)...)); err != nil {
			t.Fatal(err)
		}
		if n, err := depth(t.Context(), l, urgent); n != 2 || err != nil {
			t.Fatal(n, err)
		}
	})
}

func TestRetryAfterErrorAndPanic(t *testing.T) {
	eachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		var log lockedBuffer
		l := New(Options{Redis: client, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		var calls atomic.Int32
		stop := serve(t, l, []Lane{fast(urgent)}, func(context.Context, ledger.SegmentRef) error {
			switch calls.Add(1) {
			case 1:
				return errors.New("the vendor said no")
			case 2:
				panic("secret +4912345")
			}
			return nil
		})
		defer stop()
		if err := l.Enqueue(t.Context(), refs(urgent, 7, 8)); err != nil {
			t.Fatal(err)
		}
		wait(t, "the third try is done", func() bool {
			n, err := depth(t.Context(), l, urgent)
			return calls.Load() == 3 && n == 0 && err == nil
		})
		if s := log.String(); !strings.Contains(s, "segment=7") || !strings.Contains(s, "panic") || strings.Contains(s, "4912345") {
			t.Fatalf("the log must name the segment and never what a panic held:\n%s", s)
		}
	})
}

func TestStopWaitsForHandlers(t *testing.T) {
	eachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		l := New(Options{Redis: client})
		c := Lane{Name: urgent, Concurrency: 1, PollInterval: 5 * time.Millisecond, Slots: 1}
		started, release := make(chan ledger.SegmentRef, 9), make(chan struct{})
		var finished atomic.Int32
		stop := serve(t, l, []Lane{c}, func(ctx context.Context, ref ledger.SegmentRef) error {
			started <- ref
			<-release
			if ctx.Err() != nil {
				t.Error("the context of a running handler ended within the grace time")
			}
			finished.Add(1)
			return nil
		})
		wait(t, "the lane is served", func() bool { return l.tryInline(refs(urgent, 1, 2)[0]) })
		if err := l.Enqueue(t.Context(), refs(urgent, 2, 3)); err != nil { // the slot is taken
			t.Fatal(err)
		}
		<-started
		<-started
		if err := l.Enqueue(t.Context(), refs(urgent, 3, 4)); err != nil {
			t.Fatal(err)
		}
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		wait(t, "no slot is left", func() bool {
			l.mu.RLock()
			defer l.mu.RUnlock()
			return l.inline[urgent] == nil
		})
		select {
		case <-stopped:
			t.Fatal("Run returned while handlers ran")
		default:
		}
		close(release)
		<-stopped
		if n := finished.Load(); n != 2 {
			t.Fatalf("%d handlers finished, want 2", n)
		}
		if n, err := depth(t.Context(), l, urgent); n != 1 || err != nil {
			t.Fatalf("%d left, %v; want the third", n, err)
		}
	})
}

func TestGraceTime(t *testing.T) {
	eachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		l := New(Options{Redis: client, Grace: 50 * time.Millisecond})
		c := fast(urgent)
		c.Slots = 1
		started := make(chan struct{}, 9)
		stop := serve(t, l, []Lane{c}, func(ctx context.Context, _ ledger.SegmentRef) error {
			started <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		wait(t, "the lane is served", func() bool { return l.tryInline(refs(urgent, 1, 2)[0]) })
		if err := l.Enqueue(t.Context(), refs(urgent, 2, 3)); err != nil {
			t.Fatal(err)
		}
		<-started
		<-started
		stop()
		if n, err := depth(t.Context(), l, urgent); n != 2 || err != nil {
			t.Fatalf("%d queued, %v; want both of them again", n, err)
		}
	})
}

// TestTakeSlot takes a slot before there is a segment: it can be released unused,
// and a segment whose work fails in it comes again from the queue.
func TestTakeSlot(t *testing.T) {
	eachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		l := New(Options{Redis: client})
		if l.TakeSlot(urgent) != nil {
			t.Fatal("got a slot of a lane that nobody serves")
		}
		handled := make(chan ledger.SegmentRef, 9)
		stop := serve(t, l, []Lane{{Name: urgent, Concurrency: 1, PollInterval: 5 * time.Millisecond, Slots: 1}}, func(_ context.Context, ref ledger.SegmentRef) error {
			handled <- ref
			return nil
		})
		defer stop()
		var slot *Slot
		wait(t, "the lane is served", func() bool { slot = l.TakeSlot(urgent); return slot != nil })
		if l.TakeSlot(urgent) != nil {
			t.Fatal("the slot was taken twice")
		}
		slot.Release()
		if slot = l.TakeSlot(urgent); slot == nil {
			t.Fatal("the released slot cannot be taken again")
		}
		want := refs(urgent, 8, 9)[0]
		slot.Run(want, func(context.Context, ledger.SegmentRef) error { return errors.New("the ledger was silent") })
		if got := <-handled; got != want {
			t.Fatalf("from the queue came %+v", got)
		}
		wait(t, "the slot is free again", func() bool {
			slot = l.TakeSlot(urgent)
			return slot != nil
		})
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		wait(t, "no slot is left", func() bool { return l.TakeSlot(urgent) == nil && l.inlineLane(urgent) == nil })
		select {
		case <-stopped:
			t.Fatal("Run returned while a slot was taken")
		default:
		}
		slot.Release()
		<-stopped
	})
}

func TestSlotWithoutRedis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	l := New(Options{Redis: client})
	done := make(chan ledger.SegmentRef, 1)
	stop := serve(t, l, []Lane{{Name: urgent, Concurrency: 1, Slots: 1}}, func(_ context.Context, ref ledger.SegmentRef) error {
		done <- ref
		return nil
	})
	defer stop()
	want := refs(urgent, 5, 6)
	wait(t, "the segment is taken", func() bool { return l.Enqueue(t.Context(), want) == nil })
	if got := <-done; got != want[0] {
		t.Fatalf("%+v", got)
	}
	err := l.Enqueue(t.Context(), refs(bulk, 5, 6))
	if touch.ClassOf(err) != touch.Unavailable || strings.Contains(err.Error(), "127.0.0.1") {
		t.Fatalf("%v", err)
	}
	if _, err := depth(t.Context(), l, bulk); touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
	if got := scrape(t, l); got["touchgate_queue_up"] != 1 || len(got) != 1 || up(t, l) != 0 {
		t.Fatalf("%v", got)
	}
}

func TestLoadAgreesWithAsynq(t *testing.T) {
	eachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		l := New(Options{Redis: client})
		busy := make(chan struct{})
		started := make(chan struct{}, 9)
		c := Lane{Name: urgent, Concurrency: 1, PollInterval: 5 * time.Millisecond}
		stop := serve(t, l, []Lane{c}, func(_ context.Context, ref ledger.SegmentRef) error {
			if ref.Segment == 0 {
				return errors.New("later")
			}
			started <- struct{}{}
			<-busy
			return nil
		})
		defer stop()
		defer close(busy)
		for _, r := range refs(urgent, 0, 4) {
			if err := l.Enqueue(t.Context(), []ledger.SegmentRef{r}); err != nil {
				t.Fatal(err)
			}
		}
		<-started
		info, err := asynq.NewInspectorFromRedisClient(client).GetQueueInfo(urgent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.load(t.Context(), urgent)
		if err != nil {
			t.Fatal(err)
		}
		if want := (load{int64(info.Pending), int64(info.Active), int64(info.Retry)}); got != want || info.Active != 1 || info.Pending < 2 {
			t.Fatalf("%+v, Asynq says %+v", got, want)
		}
		first, err := l.latency(t.Context(), urgent, time.Now())
		if err != nil || first <= 0 || first > time.Minute {
			t.Fatal(first, err)
		}
		later, err := l.latency(t.Context(), urgent, time.Now().Add(time.Hour))
		if err != nil || later < time.Hour {
			t.Fatal(later, err)
		}
		series := scrape(t, l)
		if series["touchgate_lane_segments"] != 36 || series["touchgate_lane_latency_seconds"] != 12 || up(t, l) != 1 {
			t.Fatalf("%v", series)
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	s, err := redisembed.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := redis.NewClient(s.Options())
	defer client.Close()
	l := New(Options{Redis: client})
	started, release := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	stop := serve(t, l, []Lane{fast(urgent)}, func(context.Context, ledger.SegmentRef) error {
		close(started)
		<-release
		finished.Store(true)
		return nil
	})
	defer stop()
	if err := l.Enqueue(t.Context(), refs(urgent, 1, 2)); err != nil {
		t.Fatal(err)
	}
	<-started
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	if err := l.Close(); err != nil || !finished.Load() {
		t.Fatal("Close did not wait for the handler", err)
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := l.Run(t.Context(), []Lane{fast(urgent)}, nil); touch.ClassOf(err) != touch.Unavailable {
		t.Fatal(err)
	}
}

// scrape returns the number of series of each metric.
func scrape(t *testing.T, l *Queue) map[string]int {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l.Collector())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]int{}
	for _, f := range families {
		series[f.GetName()] = len(f.GetMetric())
	}
	return series
}

func up(t *testing.T, l *Queue) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l.Collector())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[len(families)-1].GetMetric()[0].GetGauge().GetValue() // sorted by name
}

func TestWrongLaneConfig(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	l := New(Options{Redis: client})
	bad := map[string][]Lane{
		"lanes[0].name":        {{Concurrency: 1}},
		"lanes[1].name":        {fast(urgent), fast(urgent)},
		"lanes[0].concurrency": {{Name: urgent, Concurrency: maxConcurrency + 1}},
		"lanes[0].servers":     {{Name: urgent, Concurrency: 1, Servers: 2}},
		"lanes[0]":             {{Name: urgent, Concurrency: 1, Slots: -1}},
	}
	for field, cs := range bad {
		err := l.Run(t.Context(), cs, nil)
		var e *touch.Error
		if !errors.As(err, &e) || e.Class != touch.Invalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestDecodeRefusesForeignTasks(t *testing.T) {
	ref := ledger.SegmentRef{Segment: 1 << 40, Epoch: 3, Lane: bulk}
	if got, ok := decode(bulk, encode(ref)); !ok || got != ref {
		t.Fatal(got, ok)
	}
	for _, s := range []string{"", "1", "a:1", "1:b", "1:2:3"} {
		if _, ok := decode(bulk, s); ok {
			t.Errorf("%q was read", s)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
