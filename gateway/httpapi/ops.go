package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTime bounds one readiness check.
const readyTime = 2 * time.Second

// healthz says that the process serves.
func (a *api) healthz(c *call) error {
	return c.reply(http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether this node should be sent requests: the ledger and the
// injected checks answer, and it isn't draining. What a check found is logged,
// not shown.
func (a *api) readyz(c *call) error {
	checks := map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	ready := true
	ask := func(name string, check func(context.Context) error) {
		ctx, cancel := context.WithTimeout(c.ctx(), readyTime)
		defer cancel()
		err := check(ctx)
		mu.Lock()
		defer mu.Unlock()
		checks[name] = "ok"
		if err != nil {
			checks[name], ready = "failed", false
			noteError(c.Context, err)
		}
	}
	wg.Go(func() { ask("ledger", a.svc.Ping) })
	for name, check := range a.ready {
		wg.Go(func() { ask(name, check) })
	}
	wg.Wait()
	checks["intake"] = "ok"
	if a.gate.Closed() {
		checks["intake"], ready = "draining", false
	}
	status, word := http.StatusOK, "ready"
	if !ready {
		status, word = http.StatusServiceUnavailable, "not ready"
	}
	return c.reply(status, map[string]any{"status": word, "checks": checks})
}

func (a *api) serveMetrics(c *call) error {
	if a.gather == nil {
		return noRoute
	}
	promhttp.HandlerFor(a.gather, promhttp.HandlerOpts{}).ServeHTTP(c.Writer, c.Request)
	return nil
}
