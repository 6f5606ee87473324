package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway"
	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// fixture is the API on a real ledger, behind a real server.
type fixture struct {
	*gatewaytest.Fixture
	t      testing.TB
	server *httptest.Server
	drain  httpapi.Drain
	log    lockedLog
	doc    *openapi3.T // as the server serves it
}

// lockedLog may be read while the server writes.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newFixture makes a fixture. wrap, when set, puts something between the
// gateway and the ledger.
func newFixture(t testing.TB, wrap func(*ledger.Ledger)) *fixture {
	t.Helper()
	return newLimitedFixture(t, wrap, httpapi.Limits{Body: 1 << 20, Line: 4096}, nil)
}

// newLimitedFixture makes a fixture with limits of the test's own. conn, when
// set, is called with each connection.
func newLimitedFixture(t testing.TB, wrap func(*ledger.Ledger), limits httpapi.Limits, conn func(*net.TCPConn)) *fixture {
	t.Helper()
	f := &fixture{t: t, Fixture: gatewaytest.New(t)}
	if wrap != nil {
		f.Ledger = f.Ledger.With(wrap)
	}
	metrics := prometheus.NewRegistry()
	f.DevKey = "dev-key"
	f.Rebuild(t, func(o *gateway.Options) {
		o.Metrics = metrics
		o.Receipts = func(provider string) (adapter.ReceiptParser, bool) { return parser{}, provider == "acme" }
	})
	f.server = httptest.NewUnstartedServer(httpapi.New(services(f.Fixture), httpapi.Options{
		Logger: slog.New(slog.NewJSONHandler(&f.log, nil)), Metrics: metrics, Gatherer: metrics, Now: f.Now, Drain: &f.drain,
		Ready:  map[string]func(context.Context) error{"queue": func(context.Context) error { return nil }},
		Limits: limits,
	}))
	f.server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if tcp, ok := c.(*net.TCPConn); ok && state == http.StateNew && conn != nil {
			conn(tcp)
		}
	}
	f.server.Start()
	t.Cleanup(f.server.Close)
	return f
}

// services returns the fixture's use cases as the API takes them.
func services(f *gatewaytest.Fixture) httpapi.Services {
	return httpapi.Services{
		Intake:     f.Intake,
		Keys:       f.Keys,
		Tokens:     f.Tokens,
		Facts:      f.Facts,
		Inbound:    f.Inbound,
		FirstParty: f.FirstParty,
		Changes:    f.Changes,
		Operations: f.Operations,
		Feed:       f.Feed,
		Ledger:     f.Ledger,
	}
}

// parser accepts a callback whose body is a dispatch id and whose signature is right.
type parser struct{}

func (parser) ParseReceipts(r adapter.ReceiptRequest) ([]touch.Receipt, adapter.Ack, error) {
	if r.Header.Get("Signature") != "good "+r.URL {
		return nil, adapter.Ack{}, touch.Errorf(touch.Unauthenticated, "", "the signature is wrong")
	}
	receipts := []touch.Receipt{{Dispatch: string(r.Body), Kind: touch.ReceiptDelivered}}
	return receipts, adapter.Ack{Status: 200, ContentType: "text/plain", Body: []byte("OK")}, nil
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

func (a answer) field(t testing.TB, name string) any {
	t.Helper()
	var m map[string]any
	a.into(t, &m)
	return m[name]
}

// call makes a request with the bearer, and checks the response against the
// OpenAPI document, whatever the test is about.
func (f *fixture) call(method, path, bearer, body string, header ...string) answer {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	f.conforms(method, req.URL, res, data)
	return answer{res, data}
}

// dev makes a call with the development key, and fails unless it gets the status.
func (f *fixture) dev(want int, method, path, body string) answer {
	f.t.Helper()
	a := f.call(method, path, "dev-key", body)
	if a.StatusCode != want {
		f.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.StatusCode, want, a.body)
	}
	return a
}

// conforms checks a response against openapi.json, as the server serves it.
func (f *fixture) conforms(method string, u *url.URL, res *http.Response, body []byte) {
	f.t.Helper()
	if f.doc == nil {
		got, err := http.Get(f.server.URL + "/openapi.json")
		if err != nil {
			f.t.Fatal(err)
		}
		defer got.Body.Close()
		data, _ := io.ReadAll(got.Body)
		if f.doc, err = openapi3.NewLoader().LoadFromData(data); err != nil {
			f.t.Fatal(err)
		}
	}
	op := f.operation(method, u.EscapedPath())
	if op == nil {
		if res.StatusCode != 404 && res.StatusCode != 405 {
			f.t.Errorf("%s %s answers %d and is not documented", method, u.Path, res.StatusCode)
		}
		return
	}
	response := op.Responses.Status(res.StatusCode)
	if response == nil {
		response = op.Responses.Default()
	}
	if response == nil {
		f.t.Errorf("%s %s: the status %d is not documented", method, u.Path, res.StatusCode)
		return
	}
	media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	content := response.Value.Content.Get(media)
	switch {
	case content == nil && len(body) > 0 && len(response.Value.Content) > 0:
		f.t.Errorf("%s %s: %d has undocumented content %q", method, u.Path, res.StatusCode, media)
	case content == nil || !strings.Contains(media, "json"):
	default:
		for _, doc := range bytes.Split(bytes.TrimSpace(body), []byte("\n")) {
			var v any
			if err := json.Unmarshal(doc, &v); err != nil {
				f.t.Errorf("%s %s: %v in %s", method, u.Path, err, doc)
			} else if err := content.Schema.Value.VisitJSON(v, openapi3.EnableJSONSchema2020(), openapi3.VisitAsResponse()); err != nil {
				f.t.Errorf("%s %s: %d does not conform: %v\n%s", method, u.Path, res.StatusCode, err, doc)
			}
		}
	}
}

// operation finds the documented operation that a path belongs to; of several
// the one with the fewest parameters.
func (f *fixture) operation(method, path string) (best *openapi3.Operation) {
	fewest := 10
	for pattern, item := range f.doc.Paths.Map() {
		n := strings.Count(pattern, "{")
		if matches(pattern, path) && n < fewest && item.GetOperation(method) != nil {
			best, fewest = item.GetOperation(method), n
		}
	}
	return best
}

func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if param, rest, ok := strings.Cut(want[i], "}"); ok && strings.HasPrefix(param, "{") {
			if rest == "" && strings.Contains(got[i], ":") || !strings.HasSuffix(got[i], rest) {
				return false
			}
		} else if want[i] != got[i] {
			return false
		}
	}
	return true
}
