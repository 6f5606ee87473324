// SPDX-License-Identifier: Apache-2.0

// Package httpapi serves the gateway over HTTP: it authenticates, reads
// requests, calls a use case and writes the answer. Every decision is the
// gateway's. It is the only package that knows gin.
//
// routes.go lists every route; openapi.yaml describes them, and a test holds
// the two together. Handlers stand in one file for each subject.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/feed"
	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/gateway/inbound"
	"touchgate.dev/gateway/operations"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
)

// Services are the use cases that the routes call. All are required by the
// routes of their subject.
type Services struct {
	Intake     *gateway.Service
	Keys       *access.Keys
	Tokens     *access.Tokens
	Facts      *facts.Service
	Inbound    *inbound.Service
	FirstParty *firstparty.Service
	Changes    *changes.Service
	Operations *operations.Service
	Feed       *feed.Service
	// Ledger answers routes to which a use case would add nothing.
	Ledger *ledger.Ledger
}

// Options are the settings of the API; all may be left out.
type Options struct {
	Logger   *slog.Logger          // default: discards
	Metrics  prometheus.Registerer // default: registers nothing
	Gatherer prometheus.Gatherer   // serves /metrics; default: the route answers 404
	Now      func() time.Time      // default time.Now
	// Ready are the checks behind /readyz, by name.
	Ready map[string]func(ctx context.Context) error
	// PriorityGate, when set, makes long lists wait while urgent touches are
	// under way.
	PriorityGate *priority.Gate
	// Drain, when started, refuses new touches, so that a node can be stopped.
	Drain *Drain
	// PublicURL is where vendors reach us ("https://touch.bank.example"): they
	// sign the address that they call. Default: as the request says.
	PublicURL string
	Limits    Limits
}

// core is what all handlers share.
type core struct {
	keys    *access.Keys
	tokens  *access.Tokens
	log     *slog.Logger
	now     func() time.Time
	drain   *Drain
	limits  Limits
	metrics *httpMetrics
	gate    *priority.Gate

	bodies    *budget // of those whose caller is known
	strangers *budget // of those whose signature comes with the body
	answers   *budget
	pieces    *semaphore.Weighted // of long lists, that are read at once
	places    *places
}

// New makes the handler of the whole API. It panics when its metrics are
// registered already, which only a programmer can cause.
func New(s Services, o Options) http.Handler {
	c := &core{
		keys:    s.Keys,
		tokens:  s.Tokens,
		log:     o.Logger,
		now:     o.Now,
		drain:   o.Drain,
		limits:  o.Limits.withDefaults(),
		metrics: newHTTPMetrics(o.Metrics),
		gate:    o.PriorityGate,
	}
	c.limits.divide(c)
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.drain == nil {
		c.drain = &Drain{}
	}

	gin.SetMode(gin.ReleaseMode) // gin keeps its mode for the whole process
	engine := gin.New()
	engine.UseEscapedPath = true
	engine.UnescapePathValues = false // gin reads them as form values: see path.go
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.NoRoute(func(g *gin.Context) { c.refuse(g, noRoute) })
	engine.NoMethod(func(g *gin.Context) { c.refuse(g, noMethod) })
	engine.Use(c.observe, c.recover)
	for _, r := range newHandlers(s, o, c).routes() {
		engine.Handle(r.method, ginPath(r.path), c.serve(r))
		// HEAD is GET without the body (RFC 9110, 9.3.2), which the server leaves
		// out by itself. A stream has no answer to take the headers of.
		if r.method == http.MethodGet && !r.long {
			engine.Handle(http.MethodHead, ginPath(r.path), c.serve(r))
		}
	}
	return withVerbs(engine)
}
