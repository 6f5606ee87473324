package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

const (
	rebuildEvery = 3 * time.Second // how soon a contact log that lost shards is rebuilt
	rebuildLease = 30 * time.Second
)

// errRebuiltElsewhere ends a rebuild that another process has begun.
var errRebuiltElsewhere = touch.Errorf(touch.Conflict, "", "another process rebuilds the contact log")

// contactRebuild loads the contact log with every customer of whom the ledger
// has contacts: at the start, after Redis lost shards, and when a policy looks
// further back than before. Until then a customer is loaded when a touch needs
// it.
type contactRebuild struct {
	ledger   *ledger.Ledger
	contacts *contactlog.Redis
	guard    *policies.Guard
	holder   string // of the lease
	now      func() time.Time
	log      *slog.Logger
}

func (a *App) newRebuild(contacts *contactlog.Redis, guard *policies.Guard, holder string) *contactRebuild {
	return &contactRebuild{
		ledger:   a.ledger,
		contacts: contacts,
		guard:    guard,
		holder:   holder,
		now:      a.now,
		log:      a.component("contact-log"),
	}
}

// run rebuilds whatever is incomplete until ctx ends. The first step is at once.
func (r *contactRebuild) run(ctx context.Context) {
	pause := time.Duration(0)
	for loop.Sleep(ctx, pause) {
		began := r.now()
		shards, err := r.step(ctx)
		switch {
		case errors.Is(err, errRebuiltElsewhere) || ctx.Err() != nil:
		case err != nil:
			r.log.LogAttrs(ctx, slog.LevelWarn, "step failed", slog.Any("error", err))
		case shards > 0:
			r.log.LogAttrs(ctx, slog.LevelInfo, "rebuild finished",
				slog.Int("shards", shards), slog.Duration("took", r.now().Sub(began)))
		}
		pause = rebuildEvery
	}
}

// step completes the incomplete shards, and returns how many they were. A lease
// keeps other processes from doing the same work; a rebuild without it would be
// correct, too. step returns errRebuiltElsewhere if another process has it.
func (r *contactRebuild) step(ctx context.Context) (shards int, err error) {
	keep := r.guard.Keep()
	since := r.now().Add(-keep)
	entries := contactEntries(r.ledger)

	nextPage := func(ctx context.Context, after string, limit int) ([]string, error) {
		now := r.now()
		held, err := r.ledger.Leases.Acquire(ctx, "contact-log", r.holder, now, now.Add(rebuildLease))
		if err != nil {
			return nil, err
		}
		if !held {
			return nil, errRebuiltElsewhere
		}
		return r.ledger.Contacts.ContactedCustomers(ctx, after, limit)
	}
	load := func(ctx context.Context, customers []string) (map[string][]contactlog.Entry, error) {
		return entries(ctx, customers, since)
	}
	return r.contacts.Rebuild(ctx, keep, nextPage, load)
}
