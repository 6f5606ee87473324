package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/internal/loop"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
	"touchgate.dev/workers/queue"
)

const (
	watchEvery    = 200 * time.Millisecond // how old a node's view of stops may be
	escalateEvery = 5 * time.Second        // how late an overdue task may rise
	countEvery    = time.Second            // how old the counts of ratio rules may be
	enactEvery    = 500 * time.Millisecond // how late a policy may bind that was approved for an instant
	// intakeGrace is how long running requests may go on once a stop began.
	intakeGrace = 10 * time.Second
)

// listen opens the socket, so that an address in use is an error at the start.
func (a *App) listen(ctx context.Context) error {
	address := a.cfg.Metrics
	if a.cfg.Role.Gateway() {
		address = a.cfg.Listen
		a.handler = httpapi.New(a.services, httpapi.Options{
			PublicURL: a.cfg.PublicURL, Now: a.now, Logger: a.log, Metrics: a.metrics, Gatherer: a.metrics,
			Ready: a.checks(), Drain: &a.drain, Limits: httpapi.Limits{Body: a.cfg.Limits.MaxBody},
		})
	} else {
		a.handler = newHealth(&a.drain, a.checks(), promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	}
	if address == "" {
		return nil
	}
	var err error
	var lc net.ListenConfig
	if a.listener, err = lc.Listen(ctx, "tcp", address); err != nil {
		return touch.Errorf(touch.Unavailable, "listen", "cannot listen on %s: %w", address, err)
	}
	return nil
}

// checks are what readiness asks.
func (a *App) checks() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"clock":  a.clock.Check,
		"ledger": a.ledger.Ping,
		"redis":  a.redisAnswers,
	}
}

func (a *App) redisAnswers(ctx context.Context) error {
	if err := a.redis.client.Ping(ctx).Err(); err != nil {
		return touch.Errorf(touch.Unavailable, "redis", "does not answer: %w", err)
	}
	return nil
}

// Address is where the process listens; "" nowhere.
func (a *App) Address() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// URL is where the HTTP server answers.
func (a *App) URL() string { return "http://" + a.Address() }

// Run works until ctx ends, and then stops in this order: intake, feeding, what
// is in delivery, the HTTP server. It returns nil after a graceful stop.
func (a *App) Run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	base := context.WithoutCancel(ctx)

	if err := a.takeOver(ctx); err != nil {
		return err
	}
	background := loop.NewGroup(base)
	for _, part := range a.backgroundParts() {
		background.Go(part)
	}
	delivery := loop.NewGroup(base)
	if a.deliverer != nil {
		delivery.Go(func(ctx context.Context) {
			if err := a.queue.Run(ctx, a.laneConfigs(), a.deliverer.Handle); err != nil {
				fail(err)
			}
		})
		if a.redis.server == nil {
			guard := a.guard.Over(contactlog.NewMemory(a.shards()))
			delivery.Go(workers.NewFallback(a.deliverer, guard, a.redisAnswers).Run)
		}
	}
	serving := a.serve(fail)

	<-ctx.Done()
	a.drain.Start()
	serving.stop() // running requests may still enqueue
	background.Stop()
	delivery.Stop()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// takeOver gives segments that an earlier process held when it was killed to
// this one, without waiting for their leases to run out. Only where Redis is
// embedded: then there is no other process that could be at work on them.
func (a *App) takeOver(ctx context.Context) error {
	if a.redis.server == nil {
		return nil
	}
	for began := a.now(); ; {
		refs, err := a.ledger.Recovery.ReclaimAll(ctx, began, 1000)
		if err != nil || len(refs) == 0 {
			return err
		}
		if err := a.queue.Enqueue(ctx, refs); err != nil {
			return err
		}
	}
}

// backgroundParts are what the role does beside delivering and answering.
func (a *App) backgroundParts() []func(context.Context) {
	parts := []func(context.Context){
		func(ctx context.Context) { a.clock.watch(ctx, a.log) },
		a.every(watchEvery, "controls not read", a.watcher.Refresh),
		a.every(countEvery, "events not counted", a.outcomes.Follow),
	}
	if a.cfg.Role.Feeder() {
		parts = append(parts,
			workers.NewFeeder(a.worker).Run,
			workers.NewReconciler(a.worker).Run,
			workers.NewWebhooks(a.worker, http.DefaultTransport, a.cfg.Webhooks.Timeout.Std()).Run,
			a.every(escalateEvery, "escalation failed", func(ctx context.Context) error {
				_, err := a.services.FirstParty.Escalate(ctx, a.now(), 200)
				return err
			}),
			a.every(enactEvery, "policies not put into force", func(ctx context.Context) error {
				_, err := a.services.Changes.ActivateDue(ctx)
				return err
			}),
			a.keepComplete,
			workers.NewRetention(a.worker, workers.Keep{
				Touches: a.cfg.Retention.Touches.Std(), Journal: a.cfg.Retention.Journal.Std(), AtLeast: a.guard.Keep,
			}).Run,
		)
	}
	return parts
}

// every makes a part that looks at something each period, and logs a failure.
func (a *App) every(period time.Duration, failed string, look func(context.Context) error) func(context.Context) {
	return func(ctx context.Context) {
		loop.Every(ctx, period, look, func(err error) {
			a.log.LogAttrs(ctx, slog.LevelWarn, failed, slog.Any("error", err))
		})
	}
}

// laneConfigs serves urgent lanes by many small segments looked for often, and
// bulk lanes by a few large ones.
func (a *App) laneConfigs() []queue.Lane {
	var configs []queue.Lane
	for _, name := range workers.Lanes() {
		c := queue.Lane{Name: name, Concurrency: a.cfg.Workers.Bulk, PollInterval: 50 * time.Millisecond}
		if workers.IsUrgent(name) {
			c.Concurrency = a.cfg.Workers.Urgent
			c.Slots = a.cfg.Workers.Urgent
			c.PollInterval = 20 * time.Millisecond
		}
		configs = append(configs, c)
	}
	return configs
}

// server is the running HTTP server; stop waits for its requests.
type server struct{ stop func() }

func (a *App) serve(fail func(error)) server {
	if a.listener == nil {
		return server{func() {}}
	}
	srv := &http.Server{
		Handler: a.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := srv.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			fail(touch.Errorf(touch.Unavailable, "listen", "the HTTP server ended: %w", err))
		}
	})
	return server{func() {
		ctx, cancel := context.WithTimeout(context.Background(), intakeGrace)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			srv.Close() // streams that go on for ever are cut; what they had is committed
		}
		running.Wait()
	}}
}

// Logger is the log of the process.
func (a *App) Logger() *slog.Logger { return a.log }
