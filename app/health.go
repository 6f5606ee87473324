package app

import (
	"context"
	"net/http"
	"time"

	"touchgate.dev/gateway/httpapi"
)

// newHealth makes the handler of roles that serve no API. It serves /healthz,
// /readyz and /metrics.
func newHealth(drain *httpapi.Drain, checks map[string]func(context.Context) error, metrics http.Handler) http.Handler {
	h := http.NewServeMux()
	h.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	h.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if drain.Started() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		for name, check := range checks {
			if check(ctx) != nil {
				http.Error(w, name+" does not answer", http.StatusServiceUnavailable)
				return
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
	h.Handle("GET /metrics", metrics)
	return h
}
