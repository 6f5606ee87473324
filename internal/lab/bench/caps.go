package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

const (
	capBatch   = 250 // reservations in one call, as a segment makes them
	capWorkers = 4
	capKeep    = 35 * 24 * time.Hour
)

// caps measures the contact log alone: a place reserved under three caps and
// committed, for customers whose logs hold 0, 10 and 30 contacts. The headline
// is that of 10. It also tells what a log takes in memory.
func caps(ctx context.Context, e *env) (*Figures, error) {
	n := or(e.o.Touches, 20_000)
	f := &Figures{Touches: n, Rounds: 1}
	var bytes [2]float64
	for k, held := range []int{0, 10, 30} {
		speed, used, err := e.capRound(ctx, n, held)
		if err != nil {
			return nil, err
		}
		f.also(fmt.Sprintf("per_second_log_of_%d", held), speed)
		f.also(fmt.Sprintf("bytes_log_of_%d", held), used)
		if k < 2 {
			bytes[k] = used
		}
		if held == 10 {
			f.PerSecond, f.RedisBytes = speed, used
		}
	}
	f.also("bytes_per_contact", (bytes[1]-bytes[0])/10)
	return f, nil
}

// capRound gives the contacts per second, and the bytes of one customer's log
// before.
func (e *env) capRound(ctx context.Context, n, held int) (speed, bytes float64, err error) {
	log := contactlog.NewRedis(e.rdb, contactlog.Options{Prefix: fmt.Sprintf("b%d", held)})
	customers := make([]string, n)
	for i := range customers {
		customers[i] = string(appendCustomer(nil, i))
	}
	now := time.Now()
	before := redisInfo(ctx, e.rdb)["used_memory"]
	for i := 0; i < n; i += 1000 {
		part := customers[i:min(n, i+1000)]
		if err := log.Rehydrate(ctx, part, capKeep, history(now, held)); err != nil {
			return 0, 0, err
		}
	}
	bytes = (redisInfo(ctx, e.rdb)["used_memory"] - before) / float64(n)
	var next atomic.Int64
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range capWorkers {
		group.Go(func() error {
			for {
				from := int(next.Add(capBatch)) - capBatch
				if from >= n {
					return nil
				}
				if err := contact(ctx, log, customers[from:min(n, from+capBatch)], now); err != nil {
					return err
				}
			}
		})
	}
	err = group.Wait()
	return float64(n) / time.Since(start).Seconds(), bytes, err
}

// contact reserves one place for each customer and commits it.
func contact(ctx context.Context, log contactlog.Log, customers []string, now time.Time) error {
	rs := make([]contactlog.Reservation, len(customers))
	ss := make([]contactlog.Settlement, len(customers))
	marketing := contactlog.Match{Categories: []touch.Category{touch.Marketing}}
	for i, c := range customers {
		id := touch.DispatchID(touch.NewID("caps", c), 0)
		rs[i] = contactlog.Reservation{
			Customer: c, Keep: capKeep,
			Entry: contactlog.Entry{ID: id, At: now, Channel: touch.SMS, Category: touch.Marketing, Subject: contactlog.Hash("auto-loan"), Campaign: contactlog.Hash("spring")},
			Questions: []contactlog.Question{
				{Rule: "day", Since: now.Add(-24 * time.Hour), Limit: 100, Match: marketing},
				{Rule: "week", Since: now.Add(-7 * 24 * time.Hour), Limit: 100, Match: marketing},
				{Rule: "month", Since: now.Add(-30 * 24 * time.Hour), Limit: 100},
			},
		}
		ss[i] = contactlog.Settlement{Customer: c, ID: id, At: now}
	}
	answers, err := log.Reserve(ctx, rs, now)
	if err != nil {
		return err
	}
	for i := range answers {
		if !answers[i].Admitted {
			return touch.Errorf(touch.Internal, "", "a contact well under its caps was not admitted")
		}
	}
	return log.Settle(ctx, ss)
}

// history makes the loader of logs of so many contacts.
func history(now time.Time, held int) contactlog.Loader {
	return func(_ context.Context, customers []string) (map[string][]contactlog.Entry, error) {
		logs := make(map[string][]contactlog.Entry, len(customers))
		for _, c := range customers {
			for k := range held {
				logs[c] = append(logs[c], contactlog.Entry{
					ID: touch.DispatchID(touch.NewID("past", fmt.Sprint(c, k)), 0), At: now.Add(-time.Duration(k) * 20 * time.Hour),
					Channel: touch.SMS, Category: touch.Marketing, Subject: contactlog.Hash("auto-loan"), Campaign: contactlog.Hash("autumn"),
				})
			}
		}
		return logs, nil
	}
}
