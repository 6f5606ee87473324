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
	"touchgate.dev/touch"
)

// shutdownGrace is how long requests that are under way may go on after a stop
// has begun.
const shutdownGrace = 10 * time.Second

// maxHeader bounds the bytes of a request's head, which a stranger may send. The
// largest token, of a manager with many queues, is half of that.
const maxHeader = 16 << 10

// newHandler makes the API for the gateway's roles, and health checks for the
// others.
func (a *App) newHandler() http.Handler {
	checks := map[string]func(context.Context) error{
		"clock":  a.clock.Check,
		"ledger": a.ledger.Ping,
		"redis":  a.redis.ping,
	}
	if !a.cfg.Role.Gateway() {
		return newHealth(&a.drain, checks, promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	}
	return httpapi.New(a.services, httpapi.Options{
		PublicURL: a.cfg.PublicURL,
		Now:       a.now,
		Logger:    a.component("http"),
		Metrics:   a.metrics,
		Gatherer:  a.metrics,
		Ready:     checks,

		PriorityGate: a.priorityGate,
		Drain:        &a.drain,
		Limits:       a.cfg.Limits.http(),
	})
}

// listen opens the role's socket, if it has one. An address that is in use is
// thus an error of Build, of class Unavailable.
func (a *App) listen(ctx context.Context) error {
	address := a.cfg.Metrics
	if a.cfg.Role.Gateway() {
		address = a.cfg.Listen
	}
	if address == "" {
		return nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "listen", "cannot listen on %s: %w", address, err)
	}
	a.listener = listener
	a.connections = newConnections(a.cfg.Limits.MaxConnections, a.metrics)
	a.onStop("listener", closeListener(listener))
	return nil
}

// closeListener closes a listener, which the HTTP server has closed already if
// it ran.
func closeListener(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// server is the running HTTP server; stop waits for its requests.
type server struct{ stop func() }

// serve starts the HTTP server if the role has a listener. It calls fail if the
// server ends by itself.
func (a *App) serve(fail func(error)) server {
	if a.listener == nil {
		return server{stop: func() {}}
	}
	srv := &http.Server{
		Handler:           a.connections.handler(a.handler),
		ConnContext:       a.connections.context,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * a.cfg.Limits.IdleTimeout.Std(),
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(a.component("http").Handler(), slog.LevelDebug),
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := srv.Serve(a.connections.listener(a.listener)); !errors.Is(err, http.ErrServerClosed) {
			fail(touch.Errorf(touch.Unavailable, "listen", "the HTTP server ended: %w", err))
		}
	})
	stop := func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			srv.Close() // cuts endless streams; what they have sent is committed
		}
		running.Wait()
	}
	return server{stop: stop}
}
