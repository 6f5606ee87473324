package queue

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/ledger"
)

// BenchmarkIdleLatency measures the time of one urgent segment from Enqueue to
// its handler on an idle queue.
func BenchmarkIdleLatency(b *testing.B) {
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(b)})
	defer client.Close()
	for _, c := range []Lane{
		{Name: urgent, Concurrency: 4, PollInterval: 20 * time.Millisecond},
		{Name: urgent, Concurrency: 4, PollInterval: 5 * time.Millisecond},
		{Name: urgent, Concurrency: 4, PollInterval: 20 * time.Millisecond, Servers: 4},
		{Name: urgent, Concurrency: 4, PollInterval: 20 * time.Millisecond, Slots: 4},
	} {
		b.Run(fmt.Sprintf("poll=%v,servers=%d,slots=%d", c.PollInterval, max(1, c.Servers), c.Slots), func(b *testing.B) {
			l := New(Options{Redis: client})
			taken := make(chan time.Time)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error)
			go func() {
				done <- l.Run(ctx, []Lane{c}, func(context.Context, ledger.SegmentRef) error {
					taken <- time.Now()
					return nil
				})
			}()
			var waits []time.Duration
			for n := int64(0); b.Loop(); n++ {
				start := time.Now()
				if err := l.Enqueue(ctx, refs(urgent, n, n+1)); err != nil {
					b.Fatal(err)
				}
				waits = append(waits, (<-taken).Sub(start))
				// Do not keep step with the polls.
				time.Sleep(time.Duration(n*7919%25) * time.Millisecond)
			}
			cancel()
			<-done
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
