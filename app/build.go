// SPDX-License-Identifier: Apache-2.0

// Package app is the composition root: it reads the configuration, builds the
// parts of one process in the order in which they depend on each other, runs
// them, and stops them. Adapters lists the vendors' code that is linked in.
package app

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/counter"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
	"touchgate.dev/workers/queue"
)

// Options are what is injected into an App beside its configuration.
type Options struct {
	Now    func() time.Time // nil: the machine's clock, unless it jumps
	Wall   func() time.Time // what the machine's clock says; nil: time.Now
	Logger *slog.Logger     // nil: as the configuration says, on standard error
	// DevKey is an API key with every scope; for development only.
	DevKey string
	// Policies, when set, are made the active set at the start, if they are
	// not already; it goes before the configuration's folder.
	Policies fs.FS
	// WrapOwn, when set, goes around the factories of our own channels.
	WrapOwn func(adapter.Factory) adapter.Factory
	// Tuning overrides workers' defaults.
	Tuning workers.Tuning
}

// App is the parts of one process put together. Its life:
//
//  1. Build opens the stores, checks that they answer, and listens.
//  2. Run works until its context ends; it then stops taking in, waits for
//     what is in delivery, and returns.
//  3. Close closes the stores.
type App struct {
	cfg          *Config
	now          func() time.Time
	clock        *clock
	log          *slog.Logger
	metrics      *prometheus.Registry
	ledger       *ledger.Ledger
	redis        *redisStore
	watcher      *ledger.ControlWatcher
	contacts     *contactlog.Redis
	guard        *policies.Guard
	outcomes     *counter.Counter // for ratio rules
	priorityGate *priority.Gate
	pool         *channels.Pool
	queue        *queue.Queue
	services     httpapi.Services
	worker       workers.Options
	deliverer    *workers.Deliverer // nil: the role does not deliver
	listener     net.Listener       // nil: the role serves no HTTP
	handler      http.Handler
	drain        httpapi.Drain // started when the process stops: intake and readiness answer 503
}

// Build puts the parts together. On an error everything that was opened is
// closed again.
func Build(ctx context.Context, cfg *Config, o Options) (_ *App, err error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	a := &App{cfg: cfg, now: o.Now, clock: newClock(o.Wall, sinceBoot), log: o.Logger, metrics: prometheus.NewRegistry(), priorityGate: new(priority.Gate)}
	if a.now == nil {
		a.now = a.clock.Now
	}
	if a.log == nil {
		a.log = newLogger(cfg.Log, os.Stderr)
	}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if a.ledger, err = OpenLedger(ctx, cfg, a.now); err != nil {
		return nil, err
	}
	if a.redis, err = openRedis(ctx, cfg.Redis); err != nil {
		return nil, err
	}
	if err := a.redis.refuseEvicting(ctx); err != nil {
		return nil, err
	}
	if err := a.judge(ctx, o); err != nil {
		return nil, err
	}
	if err := a.send(o); err != nil {
		return nil, err
	}
	if a.services, err = a.newServices(o.DevKey); err != nil {
		return nil, err
	}
	return a, a.listen(ctx)
}

// judge sets up what decides: the contact log, the guard and the policies.
func (a *App) judge(ctx context.Context, o Options) error {
	a.contacts = contactlog.NewRedis(a.redis.client, a.shards())
	a.outcomes = counter.New(a.ledger.Events)
	a.guard = policies.NewGuard(a.contacts, rehydrate(a.ledger))
	a.watcher = ledger.NewControlWatcher(a.ledger.Controls, followPolicies(a.ledger.PolicySets, a.guard, a.policyOptions()))
	dir := o.Policies
	if dir == nil && a.cfg.Policies.Dir != "" {
		dir = os.DirFS(a.cfg.Policies.Dir)
	}
	if dir != nil && a.cfg.Role.Gateway() {
		if err := activatePolicies(ctx, a.ledger, dir, a.policyOptions(), a.now()); err != nil {
			return err
		}
	}
	return a.watcher.Refresh(ctx)
}

// policyOptions are what every set of policies is compiled with.
func (a *App) policyOptions() policies.Options { return policies.Options{Tallies: a.outcomes.Count} }

// shards ties the contact log to the epochs that the ledger keeps.
func (a *App) shards() contactlog.Options {
	o := contactlog.Options{Epochs: func(shard int) int64 {
		if c := a.watcher.Current(); c != nil {
			return c.Shards[shard]
		}
		return 0
	}}
	if a.redis.server == nil { // an embedded Redis goes down with every worker there is
		o.RaiseEpochs = func(ctx context.Context, lost []int) (map[int]int64, error) {
			raised, err := a.ledger.Controls.RaiseShardEpochs(ctx, lost, a.now())
			if err != nil {
				return nil, err
			}
			return raised, a.watcher.Refresh(ctx)
		}
	}
	return o
}

// send sets up the way out: providers, lanes and the workers' options.
func (a *App) send(o Options) error {
	transport := channels.NewTransport()
	var err error
	a.pool, err = Adapters(a.ledger.Items, o.WrapOwn).Open(a.cfg.Providers, adapter.Options{Transport: transport}, channels.Options{
		Now: a.now, Logger: a.log, Metrics: a.metrics, PriorityGate: a.priorityGate,
	})
	if err != nil {
		return err
	}
	a.queue = queue.New(queue.Options{Redis: a.redis.client, Logger: a.log, Grace: a.cfg.Workers.Drain.Std()})
	a.metrics.MustRegister(a.queue.Collector())
	seed, err := RandomSeed()
	if err != nil {
		return err
	}
	a.worker = workers.Options{
		Ledger: a.ledger, Guard: a.guard, Pool: a.pool, Control: a.watcher, Enqueue: a.queue.Enqueue, TakeSlot: a.takeSlot, PriorityGate: a.priorityGate,
		Name: processName(), Now: a.now, Rand: rand.New(rand.NewPCG(seed[0], seed[1])),
		Logger: a.log, Metrics: a.metrics, Tuning: o.Tuning,
	}
	if a.cfg.Role.Worker() {
		a.deliverer = workers.NewDeliverer(a.worker)
	}
	return nil
}

// takeSlot returns a free slot of this process for the fast path, or nil.
func (a *App) takeSlot(lane string) workers.Slot {
	slot := a.queue.TakeSlot(lane)
	if slot == nil {
		return nil // not a nil *queue.Slot in a non-nil interface
	}
	return slot
}

func RandomSeed() (s [2]uint64, err error) {
	return s, binary.Read(crand.Reader, binary.LittleEndian, &s)
}

// processName tells this process from every other that may hold a lease.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), crand.Text()[:6])
}

// Close closes the stores. Call it after Run has returned.
func (a *App) Close() error {
	var err error
	if a.listener != nil {
		a.listener.Close()
	}
	if a.redis != nil {
		err = a.redis.close()
	}
	if a.ledger != nil {
		if e := a.ledger.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "a store did not close: %w", err)
	}
	return nil
}
