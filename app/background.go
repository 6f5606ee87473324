package app

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/workers"
	"touchgate.dev/workers/queue"
)

const (
	escalateEvery = 5 * time.Second        // how late an overdue task may be escalated
	countEvery    = time.Second            // how old the counts for rules that bound a ratio may be
	activateEvery = 500 * time.Millisecond // how late a policy that was approved for an instant may apply
	escalateLimit = 200                    // tasks escalated in one step
)

// addDelivery adds the parts that deliver: the queue's handlers, and the
// fallback for the time while Redis is down, which judges by its own guard. An
// embedded Redis is never down while its process lives.
func (a *App) addDelivery(deliverer *workers.Deliverer, fallbackGuard workers.Guard) {
	a.delivery = append(a.delivery, func(ctx context.Context) error {
		return a.queue.Run(ctx, laneConfigs(a.cfg.Workers), deliverer.Handle)
	})
	if a.redis.embedded() {
		return
	}
	fallback := workers.NewFallback(deliverer, fallbackGuard, a.redis.ping)
	a.delivery = append(a.delivery, func(ctx context.Context) error {
		fallback.Run(ctx)
		return nil
	})
}

// laneConfigs serves urgent lanes by many small segments that are looked for
// often, and bulk lanes by a few large ones.
func laneConfigs(cfg WorkersConfig) []queue.Lane {
	var lanes []queue.Lane
	for _, name := range workers.Lanes() {
		lane := queue.Lane{Name: name, Concurrency: cfg.Bulk, PollInterval: 50 * time.Millisecond}
		if workers.IsUrgent(name) {
			lane.Concurrency = cfg.Urgent
			lane.Slots = cfg.Urgent
			lane.PollInterval = 20 * time.Millisecond
		}
		lanes = append(lanes, lane)
	}
	return lanes
}

// addBackground adds what the role does beside delivery and HTTP.
func (a *App) addBackground(rules *rules, watcher *ledger.ControlWatcher, worker workers.Options) {
	clockLog := a.component("clock")
	a.background = append(a.background,
		func(ctx context.Context) { a.clock.watch(ctx, clockLog) },
		func(ctx context.Context) { watcher.Run(ctx, logStep(ctx, a.component("controls"))) },
		a.every(countEvery, "counter", rules.outcomes.Follow),
	)
	if !a.cfg.Role.Feeder() {
		return
	}

	keep := workers.Keep{
		Touches: a.cfg.Retention.Touches.Std(),
		Journal: a.cfg.Retention.Journal.Std(),
		AtLeast: rules.guard.Keep,
	}
	a.background = append(a.background,
		workers.NewFeeder(worker).Run,
		workers.NewReconciler(worker).Run,
		a.newWebhooks(worker).Run,
		workers.NewRetention(worker, keep).Run,
		a.rebuild.run,
		a.every(escalateEvery, "escalation", func(ctx context.Context) error {
			_, err := a.services.FirstParty.Escalate(ctx, a.now(), escalateLimit)
			return err
		}),
		a.every(activateEvery, "policy-activation", func(ctx context.Context) error {
			_, err := a.services.Changes.ActivateDue(ctx)
			return err
		}),
	)
}

// newWebhooks makes the part that calls webhooks.
func (a *App) newWebhooks(worker workers.Options) *workers.Webhooks {
	transport := a.webhookGuard.Transport()
	a.onStop("webhooks", func() error {
		transport.CloseIdleConnections()
		return nil
	})
	return workers.NewWebhooks(worker, transport, a.cfg.Webhooks.Timeout.Std())
}

// every makes a part that calls step once in a period, and logs its errors.
func (a *App) every(period time.Duration, component string, step func(context.Context) error) func(context.Context) {
	log := a.component(component)
	return func(ctx context.Context) { loop.Every(ctx, period, step, logStep(ctx, log)) }
}

// logStep returns a function that logs the error of a part's step.
func logStep(ctx context.Context, log *slog.Logger) func(error) {
	return func(err error) { log.LogAttrs(ctx, slog.LevelWarn, "step failed", slog.Any("error", err)) }
}
