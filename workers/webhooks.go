package workers

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
)

const (
	webhookEvery   = 250 * time.Millisecond // between two looks for new events
	webhookEvents  = 100                    // events in one call
	webhookBytes   = 128 << 10              // of one call's body, unless one event is longer
	webhookMaxWait = time.Hour              // between two tries
	webhookCalls   = 256                    // under way at once
	// webhookCallsPerCaller is as many as a caller has webhooks by default, so
	// that those that hang do not hold up its others.
	webhookCallsPerCaller = 64
	// webhookStore bounds the webhooks that use the ledger at once. Delivery of
	// touches needs it more.
	webhookStore = 8

	webhookLease  = "reporter"
	leaseFor      = 15 * time.Second
	leaseRenewed  = 5 * time.Second // how often it is extended
	leaseTried    = time.Second     // how often a process without it asks
	leaseReturned = 2 * time.Second // how long giving it back may take
)

// Webhooks tells callers what became of their touches, by signed calls in the
// form of Standard Webhooks (https://www.standardwebhooks.com). A subscription
// gets every event in order, at least once. A call that fails is repeated with
// growing pauses, with the same id and the same body, and its events are never
// skipped.
//
// Each subscription is served by itself: nobody waits for a slow one. Before
// each call it is read again, so one that was ended gets no more. Several
// Webhooks may run; one at a time holds the lease and works.
type Webhooks struct {
	events        ledger.Events
	index         ledger.EventIndex
	journal       ledger.Journal
	subscriptions ledger.Subscriptions
	leases        ledger.Leases
	name          string
	now           func() time.Time
	log           *slog.Logger
	client        *http.Client
	calls         *prometheus.CounterVec

	schedule *webhookSchedule
	store    chan struct{} // holds a token for each webhook that uses the ledger
	finished chan struct{} // something is to be done before the next tick
	// heldUntil is when the lease ends, in microseconds; 0: no lease is needed.
	heldUntil atomic.Int64
	version   int64 // of the subscriptions in schedule
	seen      int64 // position of the journal up to which callers were woken
}

// NewWebhooks makes a Webhooks that calls over transport; a call takes at most
// timeout. Redirects are not followed.
func NewWebhooks(o Options, transport http.RoundTripper, timeout time.Duration) *Webhooks {
	w := &Webhooks{
		events:        o.Ledger.Events,
		index:         o.Ledger.EventIndex,
		journal:       o.Ledger.Journal,
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
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_webhook_calls_total",
			Help: "Calls of webhooks, by result: ok, gone, failed.",
		}, []string{"result"}),
		store:    make(chan struct{}, webhookStore),
		finished: make(chan struct{}, 1),
	}
	if o.Metrics != nil {
		o.Metrics.MustRegister(w.calls)
	}
	w.schedule = newWebhookSchedule()
	return w
}

// Run serves subscriptions until ctx ends, whenever this process has the lease.
// At the end it gives the lease back, so that another process goes on at once.
func (w *Webhooks) Run(ctx context.Context) {
	report := logStepError(ctx, w.log, "webhooks")
	for ctx.Err() == nil {
		held, err := w.renew(ctx)
		if err != nil && ctx.Err() == nil {
			report(err)
		}
		if held {
			w.runLeased(ctx, report)
			w.release(ctx)
		}
		loop.Sleep(ctx, leaseTried)
	}
}

// runLeased serves until ctx ends or the lease is lost.
func (w *Webhooks) runLeased(ctx context.Context, report func(error)) {
	serving := loop.NewGroup(ctx)
	defer serving.Stop()
	w.reset()

	tick := time.NewTicker(webhookEvery)
	defer tick.Stop()
	renewed := w.now()
	for {
		if w.now().Sub(renewed) >= leaseRenewed {
			held, err := w.renew(ctx)
			if err != nil && ctx.Err() == nil {
				report(err)
			}
			if err == nil {
				renewed = w.now()
			}
			if err == nil && !held || !w.mayCall() {
				return
			}
		}
		if err := w.refresh(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		w.dispatch(serving)
		for ticked := false; !ticked; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				ticked = true
			case <-w.finished:
				w.dispatch(serving)
			}
		}
	}
}

// Step serves every subscription until it is up to date or a call fails.
func (w *Webhooks) Step(ctx context.Context) error {
	if err := w.refresh(ctx); err != nil {
		return err
	}
	serving := loop.NewGroup(ctx)
	defer serving.Stop()
	for w.dispatch(serving); w.schedule.calling() > 0; w.dispatch(serving) {
		select {
		case <-ctx.Done():
			return nil
		case <-w.finished:
		}
	}
	return nil
}

// renew takes or extends the lease.
func (w *Webhooks) renew(ctx context.Context) (held bool, err error) {
	now := w.now()
	until := now.Add(leaseFor)
	held, err = w.leases.Acquire(ctx, webhookLease, w.name, now, until)
	if held {
		w.heldUntil.Store(until.UnixMicro())
	}
	return held, err
}

// mayCall reports whether the lease still holds. A process that stood still for
// longer must not call: another one has taken over.
func (w *Webhooks) mayCall() bool {
	until := w.heldUntil.Load()
	return until == 0 || w.now().UnixMicro() < until
}

func (w *Webhooks) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseReturned)
	defer cancel()
	if err := w.leases.Release(ctx, webhookLease, w.name); err != nil {
		logStepError(ctx, w.log, "webhooks")(err)
	}
}
