package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

const (
	completeEvery = 3 * time.Second // how soon a contact log that lost shards is rebuilt
	completeLease = 30 * time.Second
)

// errElsewhere ends a rebuild that another process is at already.
var errElsewhere = touch.Errorf(touch.Conflict, "", "another process rebuilds the contact log")

// keepComplete has the contact log hold every customer whom the ledger knows
// contacts of: at the start, after Redis lost shards, and when a policy looks
// further back. Until then customers are loaded one by one as they are met.
func (a *App) keepComplete(ctx context.Context) {
	pause := time.Duration(0)
	for loop.Sleep(ctx, pause) {
		began := a.now()
		switch n, err := a.complete(ctx); {
		case errors.Is(err, errElsewhere) || ctx.Err() != nil:
		case err != nil:
			a.log.LogAttrs(ctx, slog.LevelWarn, "contact log not rebuilt", slog.Any("error", err))
		case n > 0:
			a.log.LogAttrs(ctx, slog.LevelInfo, "contact log complete", slog.Int("shards", n), slog.Duration("took", a.now().Sub(began)))
		}
		pause = completeEvery
	}
}

// complete makes incomplete shards complete, and gives their number. The lease
// spares others the same work; nothing depends on it.
func (a *App) complete(ctx context.Context) (int, error) {
	keep := a.guard.Keep()
	since := a.now().Add(-keep)
	contacts := rehydrate(a.ledger)
	pages := func(ctx context.Context, after string, limit int) ([]string, error) {
		now := a.now()
		held, err := a.ledger.Leases.Acquire(ctx, "contact-log", a.worker.Name, now, now.Add(completeLease))
		if err != nil {
			return nil, err
		}
		if !held {
			return nil, errElsewhere
		}
		return a.ledger.Contacts.ContactedCustomers(ctx, after, limit)
	}
	load := func(ctx context.Context, customers []string) (map[string][]contactlog.Entry, error) {
		return contacts(ctx, customers, since)
	}
	return a.contacts.Rebuild(ctx, keep, pages, load)
}
