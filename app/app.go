// SPDX-License-Identifier: Apache-2.0

// Package app is the composition root: it reads the configuration, builds the
// parts of one process in the order in which they depend on each other, runs
// them, and stops them. Adapters lists the vendors' code that is linked in.
package app

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/internal/netguard"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
	"touchgate.dev/workers/queue"
)

// Options are what is injected into an App beside its configuration.
type Options struct {
	// Now is the time that the parts work with. nil is the machine's clock,
	// but a jump of that clock is not followed.
	Now func() time.Time
	// Wall is the machine's clock; nil is time.Now.
	Wall func() time.Time
	// Logger is the process's log; nil writes to standard error as the
	// configuration says.
	Logger *slog.Logger
	// DevKey is an API key with every scope. It is for development only.
	DevKey string
	// Policies, when set, replaces the configuration's folder of policies.
	Policies fs.FS
	// WrapOwn, when set, wraps the factories of our own channels.
	WrapOwn func(adapter.Factory) adapter.Factory
	// Tuning overrides the workers' defaults.
	Tuning workers.Tuning
}

// App is the parts of one process put together. Its life:
//
//  1. Build opens the stores, checks that they answer, and listens.
//  2. Run works until its context ends. It then takes in no more, waits for
//     what is in delivery, and returns.
//  3. Close closes what Build opened.
//
// Call its methods from one goroutine, except URL, Address, Logger and
// PutTemplates, which are safe for concurrent use.
type App struct {
	cfg     *Config
	now     func() time.Time
	clock   *clock
	log     *slog.Logger
	metrics *prometheus.Registry

	ledger *ledger.Ledger
	redis  *redisStore
	queue  *queue.Queue
	// priorityGate makes bulk wait while urgent touches are under way.
	priorityGate *priority.Gate
	rebuild      *contactRebuild
	// webhookGuard says where webhooks may be called.
	webhookGuard *netguard.Guard
	phones       *validate.Phones
	services     httpapi.Services
	listener     net.Listener // nil: the role serves no HTTP
	connections  *connections
	handler      http.Handler
	drain        httpapi.Drain // started when the process stops: intake and readiness answer 503

	background []func(context.Context)       // what the role does beside delivery and HTTP
	delivery   []func(context.Context) error // an error of one ends Run; empty: the role does not deliver
	stops      []stop
}

// newApp makes an app that has a clock, a log and metrics, and no parts yet.
func newApp(cfg *Config, o Options) *App {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	a := &App{
		cfg:     cfg,
		now:     o.Now,
		clock:   newClock(o.Wall, sinceBoot),
		log:     o.Logger,
		metrics: prometheus.NewRegistry(),

		priorityGate: new(priority.Gate),
	}
	if a.now == nil {
		a.now = a.clock.Now
	}
	if a.log == nil {
		a.log = newLogger(cfg.Log, os.Stderr)
	}
	a.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return a
}

// stop closes one part that Build opened.
type stop struct {
	part  string
	close func() error
}

// onStop has Close close a part. Build calls it on the line after the part was
// opened, so that a later step that fails closes the part, too.
func (a *App) onStop(part string, close func() error) {
	a.stops = append(a.stops, stop{part: part, close: close})
}

// Close closes what Build opened, the last part first, since later parts use
// earlier ones. It closes all of them, and returns the first error, of class
// Unavailable. Call it after Run has returned; more calls do nothing.
func (a *App) Close() error {
	stops := a.stops
	a.stops = nil

	var first error
	for _, s := range slices.Backward(stops) {
		if err := s.close(); err != nil && first == nil {
			first = touch.Errorf(touch.Unavailable, s.part, "did not close: %w", err)
		}
	}
	return first
}

// Address is where the process listens; "" if it does not.
func (a *App) Address() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// URL is the base address of the HTTP API.
func (a *App) URL() string { return "http://" + a.Address() }

// Logger is the process's log.
func (a *App) Logger() *slog.Logger { return a.log }

// component returns the log of one part, which is named in each of its lines.
func (a *App) component(name string) *slog.Logger { return a.log.With("component", name) }
