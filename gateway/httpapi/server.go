// SPDX-License-Identifier: Apache-2.0

// Package httpapi serves the gateway over HTTP: it binds, authenticates and
// answers, and leaves every decision to gateway. It is the only package that
// knows gin. The routes stand in routes.go, the document that describes them
// in openapi.yaml; a test holds the two together.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/gateway"
)

// Options are what the API is built from; all may be left out.
type Options struct {
	Logger   *slog.Logger          // default: discards
	Metrics  prometheus.Registerer // default: kept nowhere
	Gatherer prometheus.Gatherer   // serves /metrics; default: no such route's content
	Now      func() time.Time      // default time.Now
	// Ready are the checks behind /readyz, by name.
	Ready map[string]func(ctx context.Context) error
	// Gate, when closed, refuses new touches, so that a node can drain.
	Gate *Gate
	// PublicURL is where vendors reach us ("https://touch.bank.example"): they
	// sign the address that they call. Default: as the request says.
	PublicURL string
	Limits    Limits
}

// Limits bound what one request may cost.
type Limits struct {
	Body    int64         // bytes of a body that isn't a stream, decompressed (default 8 MiB)
	Line    int           // bytes of a line of a stream, decompressed (default 128 KiB)
	Timeout time.Duration // of a request that isn't a stream (default 30 s)
	Idle    time.Duration // that a stream may neither give nor take (default 60 s)
}

func (l Limits) withDefaults() Limits {
	if l.Body == 0 {
		l.Body = 8 << 20
	}
	if l.Line == 0 {
		l.Line = 128 << 10
	}
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Second
	}
	if l.Idle == 0 {
		l.Idle = 60 * time.Second
	}
	return l
}

// api holds what the handlers share.
type api struct {
	svc     *gateway.Service
	log     *slog.Logger
	now     func() time.Time
	gate    *Gate
	ready   map[string]func(ctx context.Context) error
	public  string
	limits  Limits
	bodies  bodies
	metrics *httpMetrics
	gather  prometheus.Gatherer
	publish func() (publication, error) // made at the first reading
}

// New makes the handler of the whole API. It panics when its metrics are
// registered already, which only a programmer can cause.
func New(svc *gateway.Service, o Options) http.Handler {
	a := &api{
		svc: svc, log: o.Logger, now: o.Now, gate: o.Gate, ready: o.Ready, public: o.PublicURL,
		limits: o.Limits.withDefaults(), bodies: newBodies(), metrics: newHTTPMetrics(o.Metrics), gather: o.Gatherer,
		publish: sync.OnceValues(publish),
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.gate == nil {
		a.gate = &Gate{}
	}
	gin.SetMode(gin.ReleaseMode) // gin keeps its mode for the whole process
	engine := gin.New()
	engine.UseEscapedPath, engine.UnescapePathValues = true, true
	engine.RedirectTrailingSlash, engine.HandleMethodNotAllowed = false, true
	engine.NoRoute(func(c *gin.Context) { a.refuse(c, noRoute) })
	engine.NoMethod(func(c *gin.Context) { a.refuse(c, noMethod) })
	engine.Use(a.observe, a.recover)
	for _, r := range a.routes() {
		engine.Handle(r.method, ginPath(r.path), a.serve(r))
	}
	return verbs(engine)
}
