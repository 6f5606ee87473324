package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"touchgate.dev/ledger"
)

// checkTimeout bounds one readiness check.
const checkTimeout = 2 * time.Second

// healthHandlers serve liveness, readiness and metrics.
type healthHandlers struct {
	ledger   ledger.Store
	checks   map[string]func(ctx context.Context) error
	drain    *Drain
	gatherer prometheus.Gatherer
}

// live says that the process serves requests.
func (h healthHandlers) live(c *request) error {
	return c.reply(http.StatusOK, map[string]string{"status": "ok"})
}

// ready says whether this node should be sent requests: the ledger and the
// injected checks answer, and the node does not drain. What a check found is
// logged, not shown.
func (h healthHandlers) ready(c *request) error {
	results := map[string]string{}
	ready := true
	var mu sync.Mutex // guards results and ready
	run := func(name string, check func(context.Context) error) {
		ctx, cancel := context.WithTimeout(c.ctx(), checkTimeout)
		defer cancel()
		err := check(ctx)
		mu.Lock()
		defer mu.Unlock()
		results[name] = "ok"
		if err != nil {
			results[name] = "failed"
			ready = false
			logError(c.Context, err)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { run("ledger", h.ledger.Ping) })
	for name, check := range h.checks {
		wg.Go(func() { run(name, check) })
	}
	wg.Wait()

	results["intake"] = "ok"
	if h.drain.Started() {
		results["intake"] = "draining"
		ready = false
	}
	if !ready {
		return c.reply(http.StatusServiceUnavailable, map[string]any{"status": "not ready", "checks": results})
	}
	return c.reply(http.StatusOK, map[string]any{"status": "ready", "checks": results})
}

func (h healthHandlers) metrics(c *request) error {
	if h.gatherer == nil {
		return noRoute
	}
	promhttp.HandlerFor(h.gatherer, promhttp.HandlerOpts{}).ServeHTTP(c.Writer, c.Request)
	return nil
}
