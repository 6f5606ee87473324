package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestHealthAndDrain(t *testing.T) {
	f := newFixture(t, nil)
	for path, says := range map[string]string{"/healthz": "ok", "/readyz": "queue", "/openapi.json": "3.1.0", "/docs": "<h1>Touchgate API</h1>"} {
		if a := f.call("GET", path, "", ""); a.StatusCode != 200 || !strings.Contains(string(a.body), says) {
			t.Errorf("%s: %d %.200s", path, a.StatusCode, a.body)
		}
	}
	f.drain.Start()
	if a := f.call("GET", "/readyz", "", ""); a.StatusCode != 503 {
		t.Errorf("readyz while draining: %d", a.StatusCode)
	}
	if a := f.call("POST", "/v1/touches", "dev-key", body("a")); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("intake while draining: %d", a.StatusCode)
	}
	f.dev(http.StatusOK, "GET", "/v1/touches", "")
	f.drain.Stop()
	f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	f.call("GET", "/v1/stranger/9a8b", "", "")
	m := f.call("GET", "/metrics", "", "")
	for _, want := range []string{`touchgate_submitted_touches_total{result="accepted"} 1`, `touchgate_http_request_duration_seconds_count{code="202",method="POST",route="/v1/touches"} 1`} {
		if !strings.Contains(string(m.body), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(string(m.body), "9a8b") {
		t.Error("a stranger's path is in the metrics")
	}
}
