package contactlog

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/testserver/servertest"
)

// The caps of the workers below: rolling ones, of which the first is shorter
// than the longest gap, and a calendar one whose days last a second.
const (
	rollingLimit, rollingSpan = 2, 250 * time.Millisecond
	slowLimit, slowSpan       = 8, 3 * time.Second
	dailyLimit, dayLength     = 3, time.Second
	longestGap                = 300 * time.Millisecond // between reserve and commit
)

// TestCapsAreNeverExceeded lets 32 workers reserve for few customers, send
// after a random gap and commit at the instant of sending. It counts these
// instants only. The clock is the test's own: workers take turns in its order.
func TestCapsAreNeverExceeded(t *testing.T) {
	for name, start := range rigs() {
		if name == "cluster" {
			continue // one customer lives on one master: nothing new
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, seeds := start(t), uint64(3)
			if name == "embedded" {
				seeds = 1 // it runs the same script, a tenth as fast
			}
			for seed := range seeds {
				r.lose()
				sent := work(t, r, seed)
				if over := judge(sent); len(over) > 0 {
					t.Fatalf("seed %d: %s", seed, strings.Join(over, "\n"))
				}
				if n := total(sent); n < 150 {
					t.Fatalf("seed %d: only %d were sent: the caps were not tried", seed, n)
				}
			}
		})
	}
}

// TestCapsDetectBrokenLogs removes the rule that a pending reservation never
// ages, in two ways: the script ages it like any contact, or the commit keeps
// the time of the reservation. The same count must find a cap that was
// exceeded.
func TestCapsDetectBrokenLogs(t *testing.T) {
	t.Parallel()
	const rule = "if s >= 128 then at, kind = math.huge, 4 end"
	if strings.Count(reserveLua, rule) != 1 {
		t.Fatal("reserve.lua does not have the rule where this test looks for it")
	}
	aging := func(log *Redis) Log {
		log.scripts.reserve = redis.NewScript(commonLua + strings.Replace(reserveLua, rule, "kind = kind % 8", 1))
		return log
	}
	stamped := func(log *Redis) Log { return stampAtReserve{log} }
	for name, spoil := range map[string]func(*Redis) Log{"pending ones age": aging, "commits are stamped at reserve": stamped} {
		t.Run(name, func(t *testing.T) {
			r := redisRig(t, redis.NewClient(&redis.Options{Addr: servertest.Redis(t)}))
			r.Log = spoil(r.Log.(*Redis))
			for seed := range uint64(20) {
				r.lose()
				if over := judge(work(t, r, seed)); len(over) > 0 {
					return
				}
			}
			t.Fatal("nobody went over a cap")
		})
	}
}

// stampAtReserve is a broken log that counts from the reservation.
type stampAtReserve struct{ *Redis }

func (s stampAtReserve) Settle(ctx context.Context, ss []Settlement) error {
	for i := range ss {
		ss[i].At = time.Time{}
	}
	return s.Redis.Settle(ctx, ss)
}

// turn is when a worker acts next: it commits its reservation, or reserves.
type turn struct {
	at     time.Time
	worker int
	holds  *Settlement
}

type turns []turn

func (t turns) Len() int           { return len(t) }
func (t turns) Less(i, k int) bool { return t[i].at.Before(t[k].at) }
func (t turns) Swap(i, k int)      { t[i], t[k] = t[k], t[i] }
func (t *turns) Push(x any)        { *t = append(*t, x.(turn)) }
func (t *turns) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// work lets the workers work for ten seconds of the test's clock, and returns
// the instants at which each customer was sent to.
func work(t testing.TB, r rig, seed uint64) map[string][]time.Time {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	customers := make([]string, 8)
	for i := range customers {
		customers[i] = fmt.Sprint("c-", i)
	}
	empty := func(context.Context, []string) (map[string][]Entry, error) { return nil, nil }
	if err := r.Rehydrate(t.Context(), customers, slowSpan, empty); err != nil {
		t.Fatal(err)
	}
	var queue turns
	for w := range 32 {
		heap.Push(&queue, turn{day.Add(time.Duration(rnd.Int64N(int64(time.Second)))), w, nil})
	}
	sent := map[string][]time.Time{}
	for n := 0; queue[0].at.Before(day.Add(10 * time.Second)); n++ {
		next := heap.Pop(&queue).(turn)
		now := next.at
		pause := time.Duration(rnd.Int64N(int64(100 * time.Millisecond)))
		if s := next.holds; s != nil {
			if rnd.IntN(10) > 0 {
				s.At = now
				sent[s.Customer] = append(sent[s.Customer], now)
			} else {
				s.Release = true // a known non-send
			}
			if err := r.Settle(t.Context(), []Settlement{*s}); err != nil {
				t.Fatal(err)
			}
			heap.Push(&queue, turn{now.Add(pause), next.worker, nil})
			continue
		}
		c := customers[rnd.IntN(len(customers))]
		as, err := r.Reserve(t.Context(), []Reservation{{
			Customer: c, Entry: entry(fmt.Sprint(seed, "/", n)), Keep: slowSpan, Questions: []Question{
				{Limit: rollingLimit, Since: now.Add(-rollingSpan)},
				{Limit: slowLimit, Since: now.Add(-slowSpan)},
				{Limit: dailyLimit, Since: now.Truncate(dayLength)},
			},
		}}, now)
		if err != nil {
			t.Fatal(err)
		}
		if as[0].Admitted {
			gap := time.Duration(rnd.Int64N(int64(longestGap)))
			heap.Push(&queue, turn{now.Add(gap), next.worker, &Settlement{Customer: c, ID: id(fmt.Sprint(seed, "/", n))}})
		} else {
			heap.Push(&queue, turn{now.Add(pause), next.worker, nil})
		}
	}
	return sent
}

// judge returns every customer who was sent to too often, in any position of
// any window, to the millisecond.
func judge(sent map[string][]time.Time) (over []string) {
	for c, at := range sent {
		slices.SortFunc(at, time.Time.Compare)
		for _, w := range []struct {
			limit int
			span  time.Duration
		}{{rollingLimit, rollingSpan}, {slowLimit, slowSpan}} {
			for i := w.limit; i < len(at); i++ {
				if d := at[i].Sub(at[i-w.limit].Truncate(time.Millisecond)); d <= w.span {
					over = append(over, fmt.Sprintf("%s: %d within %v", c, w.limit+1, d))
				}
			}
		}
		days := map[time.Time]int{}
		for _, a := range at {
			if days[a.Truncate(dayLength)]++; days[a.Truncate(dayLength)] > dailyLimit {
				over = append(over, fmt.Sprintf("%s: more than %d in the day of %v", c, dailyLimit, a))
			}
		}
	}
	return over
}

func total(sent map[string][]time.Time) (n int) {
	for _, at := range sent {
		n += len(at)
	}
	return n
}
