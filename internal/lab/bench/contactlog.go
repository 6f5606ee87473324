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
	capKeep    = 35 * 24 * time.Hour // how far back the log of a customer goes
)

// caps measures the contact log alone: a contact reserved under three caps and
// committed, for customers whose logs hold 0, 10 and 30 contacts. The main
// figure is that of 10. It also measures how much memory a log takes.
func caps(ctx context.Context, e *env) (*Figures, error) {
	n := orDefault(e.options.Touches, 20_000)
	f := &Figures{Touches: n, Rounds: 1}
	bytesOf := map[int]float64{}
	for _, held := range []int{0, 10, 30} {
		speed, bytes, err := e.measureCaps(ctx, n, held)
		if err != nil {
			return nil, err
		}
		bytesOf[held] = bytes
		f.addAlso(fmt.Sprintf("per_second_log_of_%d", held), speed)
		f.addAlso(fmt.Sprintf("bytes_log_of_%d", held), bytes)
		if held == 10 {
			f.PerSecond = speed
			f.RedisBytes = bytes
		}
	}
	f.addAlso("bytes_per_contact", (bytesOf[10]-bytesOf[0])/10)
	return f, nil
}

// measureCaps makes n contacts with customers whose logs hold so many. It
// returns contacts per second, and the bytes of one customer's log before.
func (e *env) measureCaps(ctx context.Context, n, held int) (speed, bytes float64, err error) {
	log := contactlog.NewRedis(e.rdb, contactlog.Options{Prefix: fmt.Sprintf("b%d", held)})
	customers := make([]string, n)
	for i := range customers {
		customers[i] = string(appendCustomer(nil, i))
	}
	now := time.Now()
	before := redisInfo(ctx, e.rdb)["used_memory"]
	for i := 0; i < n; i += 1000 {
		part := customers[i:min(n, i+1000)]
		if err := log.Rehydrate(ctx, part, capKeep, pastContacts(now, held)); err != nil {
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
				if err := reserveAndCommit(ctx, log, customers[from:min(n, from+capBatch)], now); err != nil {
					return err
				}
			}
		})
	}
	err = group.Wait()
	return float64(n) / time.Since(start).Seconds(), bytes, err
}

// reserveAndCommit reserves one contact with each customer and commits it.
func reserveAndCommit(ctx context.Context, log contactlog.Log, customers []string, now time.Time) error {
	reservations := make([]contactlog.Reservation, len(customers))
	commits := make([]contactlog.Settlement, len(customers))
	marketing := contactlog.Match{Categories: []touch.Category{touch.Marketing}}
	const day = 24 * time.Hour
	for i, c := range customers {
		id := touch.DispatchID(touch.NewID("caps", c), 0)
		reservations[i] = contactlog.Reservation{
			Customer: c,
			Keep:     capKeep,
			Entry:    contactEntry(id, now, "spring"),
			Questions: []contactlog.Question{
				{Rule: "day", Since: now.Add(-day), Limit: 100, Match: marketing},
				{Rule: "week", Since: now.Add(-7 * day), Limit: 100, Match: marketing},
				{Rule: "month", Since: now.Add(-30 * day), Limit: 100},
			},
		}
		commits[i] = contactlog.Settlement{Customer: c, ID: id, At: now}
	}
	answers, err := log.Reserve(ctx, reservations, now)
	if err != nil {
		return err
	}
	for i := range answers {
		if !answers[i].Admitted {
			return touch.Errorf(touch.Internal, "", "a contact far below its caps was not admitted")
		}
	}
	return log.Settle(ctx, commits)
}

func contactEntry(id string, at time.Time, campaign string) contactlog.Entry {
	return contactlog.Entry{
		ID:       id,
		At:       at,
		Channel:  touch.SMS,
		Category: touch.Marketing,
		Subject:  contactlog.Hash("auto-loan"),
		Campaign: contactlog.Hash(campaign),
	}
}

// pastContacts returns a loader of logs with so many contacts, 20 hours apart.
func pastContacts(now time.Time, held int) contactlog.Loader {
	return func(_ context.Context, customers []string) (map[string][]contactlog.Entry, error) {
		logs := make(map[string][]contactlog.Entry, len(customers))
		for _, c := range customers {
			for k := range held {
				id := touch.DispatchID(touch.NewID("past", fmt.Sprint(c, k)), 0)
				logs[c] = append(logs[c], contactEntry(id, now.Add(-time.Duration(k)*20*time.Hour), "autumn"))
			}
		}
		return logs, nil
	}
}
