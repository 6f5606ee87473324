package workers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

const (
	webhookEvery    = 500 * time.Millisecond // between two looks for new events
	webhookEvents   = 100                    // events in one call
	webhookMaxWait  = time.Hour              // between two tries
	webhookParallel = 8                      // subscriptions served at once
	// webhookLease is longer than one call. After several slow calls another
	// process may take the lease over: it repeats some events and skips none.
	webhookLease = 30 * time.Second
)

// Webhooks tells callers what became of their touches, by signed calls in the
// form of Standard Webhooks (https://www.standardwebhooks.com). A subscription
// gets every event in order, at least once. A call that fails is repeated with
// growing pauses, and its events are never skipped. Several may run; one at a
// time holds the lease and works.
type Webhooks struct {
	events        ledger.Events
	subscriptions ledger.Subscriptions
	leases        ledger.Leases
	name          string
	now           func() time.Time
	log           *slog.Logger
	client        *http.Client
}

// NewWebhooks makes a Webhooks that calls over transport; a call takes at most
// timeout. Redirects are not followed.
func NewWebhooks(o Options, transport http.RoundTripper, timeout time.Duration) *Webhooks {
	return &Webhooks{
		events:        o.Ledger.Events,
		subscriptions: o.Ledger.Subscriptions,
		leases:        o.Ledger.Leases,
		name:          o.Name,
		now:           o.Now,
		log:           o.Logger,
		client: &http.Client{
			Transport:     transport,
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Run serves subscriptions until ctx ends, whenever this process has the lease.
func (w *Webhooks) Run(ctx context.Context) {
	step := func(ctx context.Context) error {
		now := w.now()
		held, err := w.leases.Acquire(ctx, "reporter", w.name, now, now.Add(webhookLease))
		if err != nil || !held {
			return err
		}
		return w.Step(ctx)
	}
	loop.Every(ctx, webhookEvery, step, logStepError(ctx, w.log, "webhooks"))
}

// Step serves every subscription until it is up to date or a call fails.
func (w *Webhooks) Step(ctx context.Context) error {
	subscriptions, err := w.subscriptions.List(ctx, "")
	if err != nil {
		return err
	}

	var running sync.WaitGroup
	free := make(chan struct{}, webhookParallel)
	for _, s := range subscriptions {
		if s.NextAt.After(w.now()) {
			continue // it waits after a failed call
		}
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			if err := w.serve(ctx, s); err != nil && ctx.Err() == nil {
				w.log.LogAttrs(ctx, slog.LevelWarn, "webhook failed", slog.String("component", "webhooks"),
					slog.String("subscription", s.ID), slog.String("caller", s.Caller),
					slog.Int("failures", s.Failures+1), slog.Any("error", err))
			}
		})
	}
	running.Wait()
	return nil
}

// serve sends one subscription the events after its cursor. The cursor is saved
// after each call, so that a crash repeats one call at most.
func (w *Webhooks) serve(ctx context.Context, s ledger.Subscription) error {
	for ctx.Err() == nil {
		events, err := w.events.List(ctx, s.Caller, s.Cursor, webhookEvents)
		if err != nil || len(events) == 0 {
			return err
		}

		last := events[len(events)-1].Seq
		if wanted := selectKinds(events, s.Kinds); len(wanted) > 0 {
			if err := w.post(ctx, s, last, wanted); err != nil {
				s.Failures++
				wait := min(time.Second<<min(s.Failures, 12), webhookMaxWait)
				saved := w.subscriptions.SaveCursor(ctx, s.ID, s.Cursor, s.Failures, w.now().Add(wait))
				return errors.Join(err, saved)
			}
		}

		s.Cursor = last
		s.Failures = 0
		if err := w.subscriptions.SaveCursor(ctx, s.ID, last, 0, time.Time{}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// selectKinds returns the events of the given kinds; no kinds select all.
func selectKinds(events []touch.Event, kinds []touch.EventKind) []touch.Event {
	if len(kinds) == 0 {
		return events
	}
	return slices.DeleteFunc(events, func(e touch.Event) bool { return !slices.Contains(kinds, e.Kind) })
}
