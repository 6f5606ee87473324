package contactlog

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/touch"
	"touchgate.dev/workers/redistest"
)

// fill gives customers logs of size contacts each, as a campaign leaves them.
func fill(b testing.TB, log *Redis, customers []string, size int) {
	b.Helper()
	load := func(_ context.Context, cs []string) (map[string][]Entry, error) {
		logs := map[string][]Entry{}
		for _, c := range cs {
			for k := range size {
				logs[c] = append(logs[c], Entry{
					ID: id(fmt.Sprint(c, "/", k)), At: day.Add(-time.Duration(k) * time.Hour), Kind: Delivered, Channel: touch.SMS,
					Category: touch.Marketing, Campaign: Hash(fmt.Sprint("campaign", k%4)), Address: Hash(c), Caller: Hash("engine"), Template: Hash("offer"),
				})
			}
		}
		return logs, nil
	}
	if err := log.Rehydrate(context.Background(), customers, month, load); err != nil {
		b.Fatal(err)
	}
}

func customersUpTo(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("c%07d", i)
	}
	return all
}

// caps3 are three caps that let pass: per week, per day and channel, per campaign.
func caps3() []Question {
	return []Question{
		{Limit: 99, Since: day.Add(-7 * 24 * time.Hour), Match: Match{Categories: []touch.Category{touch.Marketing}}},
		{Limit: 99, Since: day.Add(-24 * time.Hour), Match: Match{Channels: []touch.Channel{touch.SMS}}},
		{Limit: 99, Since: day.Add(-month), Match: Match{Campaign: Hash("campaign1")}},
	}
}

// BenchmarkReserve measures one check and reservation under three caps, on
// redis-server: as the caller sees it, and inside the server. The log's size
// stays what it is, because each place is taken away again, outside the time.
func BenchmarkReserve(b *testing.B) {
	client := redis.NewClient(&redis.Options{Addr: redistest.Start(b)})
	defer client.Close()
	ctx := context.Background()
	for _, size := range []int{0, 10, 30} {
		for _, kind := range []string{"admitted", "denied"} {
			for _, batch := range []int{1, 200} {
				b.Run(fmt.Sprintf("entries=%d/%s/batch=%d", size, kind, batch), func(b *testing.B) {
					if err := client.FlushAll(ctx).Err(); err != nil {
						b.Fatal(err)
					}
					log := NewRedis(client, Options{})
					customers := customersUpTo(200)
					fill(b, log, customers, size)
					rs := make([]Reservation, batch)
					for i := range rs {
						e := entry(fmt.Sprint("new", i))
						e.Campaign, e.Address, e.Template = Hash("campaign1"), Hash(customers[i]), Hash("offer")
						rs[i] = Reservation{Customer: customers[i], Entry: e, Keep: month, Questions: caps3()}
						if kind == "denied" {
							rs[i].Questions[2].Limit = 0
						}
					}
					if err := client.ConfigResetStat(ctx).Err(); err != nil {
						b.Fatal(err)
					}
					spent := time.Duration(0)
					n := 0
					for b.Loop() {
						start := time.Now()
						as, err := log.Reserve(ctx, rs, day)
						spent += time.Since(start)
						n += batch
						if err != nil || as[0].Admitted != (kind == "admitted") || as[0].Already || as[0].Unknown {
							b.Fatal(as[0], err)
						}
						if kind == "admitted" {
							undo(b, log, rs)
						}
					}
					b.ReportMetric(float64(spent.Nanoseconds())/float64(n)/1000, "µs/check")
					var calls, inside float64
					stats, err := client.InfoMap(ctx, "commandstats").Result()
					if err != nil {
						b.Fatal(err)
					}
					if _, err := fmt.Sscanf(stats["Commandstats"]["cmdstat_evalsha"], "calls=%f,usec=%f", &calls, &inside); err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(inside/calls, "µs-in-redis")
				})
			}
		}
	}
}

// undo takes reservations away without a script.
func undo(b testing.TB, log *Redis, rs []Reservation) {
	b.Helper()
	pipe := log.client.Pipeline()
	for i := range rs {
		keys, _ := log.keys(rs[i].Customer)
		pipe.HDel(b.Context(), keys[0], fieldOf(rs[i].Entry.ID))
	}
	if _, err := pipe.Exec(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMemory measures what a customer's log takes in redis-server.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []int{0, 1, 3, 10, 30} {
		b.Run(fmt.Sprintf("entries=%d", size), func(b *testing.B) {
			client := redis.NewClient(&redis.Options{Addr: redistest.Start(b)})
			defer client.Close()
			used := func() float64 {
				var n float64
				info, err := client.InfoMap(context.Background(), "memory").Result()
				if err != nil {
					b.Fatal(err)
				}
				if _, err := fmt.Sscan(info["Memory"]["used_memory"], &n); err != nil {
					b.Fatal(err)
				}
				return n
			}
			const customers = 20000
			for b.Loop() {
				before := used()
				fill(b, NewRedis(client, Options{}), customersUpTo(customers), size)
				b.ReportMetric((used()-before)/customers, "B/customer")
				if err := client.FlushAll(context.Background()).Err(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
