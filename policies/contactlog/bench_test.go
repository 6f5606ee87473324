package contactlog

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
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

// caps3 are three caps that admit: per week, per day and channel, per campaign.
func caps3() []Question {
	return []Question{
		{Limit: 99, Since: day.Add(-7 * 24 * time.Hour), Match: Match{Categories: []touch.Category{touch.Marketing}}},
		{Limit: 99, Since: day.Add(-24 * time.Hour), Match: Match{Channels: []touch.Channel{touch.SMS}}},
		{Limit: 99, Since: day.Add(-month), Match: Match{Campaign: Hash("campaign1")}},
	}
}

// BenchmarkReserve measures one check and reservation under three caps, on
// redis-server: as the caller sees it, and inside the server. Each reservation
// is removed again outside the measured time, so the size of the log stays the
// same.
func BenchmarkReserve(b *testing.B) {
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(b)})
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
					before := raw(b, log, rs)
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
							undo(b, log, rs, before)
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
					b.ReportMetric(inside/float64(n), "µs-in-redis")
				})
			}
		}
	}
}

func (r *Redis) keyOf(customer string) string { return r.logKey(r.Shard(customer), customer) }

// raw returns the customers' logs as Redis has them.
func raw(b testing.TB, log *Redis, rs []Reservation) []string {
	b.Helper()
	logs := make([]string, len(rs))
	for i := range rs {
		var err error
		if logs[i], err = log.client.Get(b.Context(), log.keyOf(rs[i].Customer)).Result(); err != nil {
			b.Fatal(err)
		}
	}
	return logs
}

// undo writes logs back without a script.
func undo(b testing.TB, log *Redis, rs []Reservation, logs []string) {
	b.Helper()
	pipe := log.client.Pipeline()
	for i := range rs {
		pipe.Set(b.Context(), log.keyOf(rs[i].Customer), logs[i], redis.KeepTTL)
	}
	if _, err := pipe.Exec(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMemory measures the memory of a customer's log in redis-server.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []int{0, 1, 3, 10, 30} {
		b.Run(fmt.Sprintf("entries=%d", size), func(b *testing.B) {
			client := redis.NewClient(&redis.Options{Addr: servertest.Redis(b)})
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

// BenchmarkContact measures the whole cost of a contact with a new customer:
// the answer that the log is unknown, the load, the reservation and the commit,
// 250 at a time as in a segment. In a complete shard there is nothing to load.
func BenchmarkContact(b *testing.B) {
	clients := map[string]func() redis.UniversalClient{
		"embedded": func() redis.UniversalClient { return embedded(b) },
		"redis":    func() redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: servertest.Redis(b)}) },
	}
	for name, start := range clients {
		for _, shards := range []string{"new", "complete"} {
			b.Run(name+"/"+shards, func(b *testing.B) {
				client := start()
				defer client.Close()
				log := NewRedis(client, Options{})
				if shards == "complete" {
					complete(b, log)
				}
				nothing := func(context.Context, []string) (map[string][]Entry, error) { return nil, nil }
				const batch = 250
				n := 0
				for b.Loop() {
					rs, ss, customers := make([]Reservation, batch), make([]Settlement, batch), make([]string, batch)
					for i := range rs {
						customers[i] = fmt.Sprint("c", n)
						n++
						e := entry(customers[i])
						rs[i] = Reservation{Customer: customers[i], Entry: e, Keep: month, Questions: caps3()}
						ss[i] = Settlement{Customer: customers[i], ID: e.ID, At: day, Entry: &e}
					}
					as, err := log.Reserve(b.Context(), rs, day)
					if err == nil && as[0].Unknown {
						if err = log.Rehydrate(b.Context(), customers, month, nothing); err == nil {
							as, err = log.Reserve(b.Context(), rs, day)
						}
					}
					if err != nil || !as[0].Admitted || !as[batch-1].Admitted {
						b.Fatal(as[0], err)
					}
					if err := log.Settle(b.Context(), ss); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/contact")
			})
		}
	}
}

func complete(b testing.TB, log *Redis) {
	b.Helper()
	nobody := func(context.Context, string, int) ([]string, error) { return nil, nil }
	if n, err := log.Rebuild(b.Context(), month, nobody, nil); err != nil || n != log.shards {
		b.Fatal(n, err)
	}
}
