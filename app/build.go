package app

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/channels"
	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/internal/netguard"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
	"touchgate.dev/workers/queue"
)

// Build puts the parts together, each after the ones it depends on. What it
// opened is closed again if a later step fails.
func Build(ctx context.Context, cfg *Config, o Options) (_ *App, err error) {
	a := newApp(cfg, o)
	defer func() {
		if err != nil {
			a.Close()
		}
	}()

	if a.phones, err = validate.NewPhones(cfg.PhoneRegion); err != nil {
		return nil, err
	}
	if err := a.openStores(ctx); err != nil {
		return nil, err
	}

	if a.webhookGuard, err = netguard.New(cfg.Webhooks.Allow); err != nil {
		return nil, touch.Errorf(touch.Invalid, "webhooks.allow", "%v", err)
	}

	// The watcher has this node's view of kill switches, shard epochs and the
	// version of the policies.
	watcher := ledger.NewControlWatcher(a.ledger.Controls)
	watcher.UseClock(a.clock.elapsed)

	// The rules judge touches by the policies and the contact log.
	shards := shardOptions(a.ledger.Controls, watcher, a.redis, a.now)
	contacts := contactlog.NewRedis(a.redis.client, shards)
	rules := newRules(a.ledger, contacts, a.component("policies"))
	a.metrics.MustRegister(newPolicyMetrics(rules.guard.Set, a.now))
	watcher.OnChange(rules.follow)
	if err := rules.activate(ctx, policyFolder(cfg, o), a.now()); err != nil {
		return nil, err
	}
	if err := watcher.Refresh(ctx); err != nil {
		return nil, err
	}

	// The providers send messages to the vendors. Bulk waits at the priority
	// gate while urgent touches are under way, here and in the parts below.
	providers, err := Adapters(a.ledger.Items, o.WrapOwn).Open(cfg.Providers,
		adapter.Options{Transport: channels.NewTransport()},
		channels.Options{Now: a.now, Logger: a.component("channels"), Metrics: a.metrics, PriorityGate: a.priorityGate})
	if err != nil {
		return nil, err
	}

	// The queue brings segments to the workers of all processes.
	a.queue = newQueue(a.redis, cfg.Workers, a.component("queue"), a.metrics)
	a.onStop("queue", a.queue.Close)

	// The workers feed the queue and deliver what it brings.
	worker, err := a.workerOptions(rules, providers, watcher, a.priorityGate)
	if err != nil {
		return nil, err
	}
	worker.Tuning = o.Tuning
	var fastPath gateway.FastPath // nil: the role does not deliver
	if cfg.Role.Worker() {
		deliverer := workers.NewDeliverer(worker)
		fastPath = deliverer
		a.addDelivery(deliverer, rules.guard.Over(contactlog.NewMemory(shards)))
	}

	// The gateway's services are the use cases behind the API.
	templates := lookup.NewTemplates(a.ledger.Templates, a.now)
	options := a.intakeOptions(rules, providers, watcher, a.priorityGate)
	options.TemplateCache = templates
	options.FastPath = fastPath
	intake, err := gateway.New(options)
	if err != nil {
		return nil, err
	}
	a.services, err = a.newServices(intake, providers, templates, rules, a.priorityGate, o.DevKey)
	if err != nil {
		return nil, err
	}

	a.rebuild = a.newRebuild(contacts, rules.guard, worker.Name)
	a.addBackground(rules, watcher, worker)

	// The listener is last: nobody is answered before everything is there.
	a.handler = a.newHandler()
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// openStores opens the ledger, which holds the truth and which all other parts
// read or write, and then Redis, which holds the queue and the contact log.
func (a *App) openStores(ctx context.Context) error {
	opened, err := OpenLedger(ctx, a.cfg, a.now)
	if err != nil {
		return err
	}
	a.ledger = ledger.AnswerSettled(opened)
	a.onStop("ledger", a.ledger.Close)

	a.redis, err = openRedis(ctx, a.cfg.Redis)
	if err != nil {
		return err
	}
	a.onStop("redis", a.redis.close)
	return a.redis.refuseEvicting(ctx)
}

// newQueue makes the queue over Redis. It does no input or output.
func newQueue(r *redisStore, cfg WorkersConfig, log *slog.Logger, metrics prometheus.Registerer) *queue.Queue {
	q := queue.New(queue.Options{Redis: r.client, Logger: log, Grace: cfg.Drain.Std()})
	metrics.MustRegister(q.Collector())
	return q
}

// workerOptions are what the parts of the workers have in common.
func (a *App) workerOptions(
	rules *rules, providers *channels.Pool, watcher *ledger.ControlWatcher, gate *priority.Gate,
) (workers.Options, error) {
	var seed [2]uint64
	if err := binary.Read(crand.Reader, binary.LittleEndian, &seed); err != nil {
		return workers.Options{}, err
	}
	return workers.Options{
		Ledger:       a.ledger,
		Guard:        rules.guard,
		Pool:         providers,
		Control:      watcher,
		Enqueue:      a.queue.Enqueue,
		TakeSlot:     a.takeSlot,
		PriorityGate: gate,
		Name:         processName(),
		Now:          a.now,
		Rand:         rand.New(rand.NewPCG(seed[0], seed[1])),
		Logger:       a.log,
		Metrics:      a.metrics,
	}, nil
}

// takeSlot returns a free slot of this process for the fast path, or nil.
func (a *App) takeSlot(lane string) workers.Slot {
	slot := a.queue.TakeSlot(lane)
	if slot == nil {
		return nil // not a nil *queue.Slot in a non-nil interface
	}
	return slot
}

// processName returns a name that no other process has that may hold a lease.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), crand.Text()[:6])
}
