package adaptertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// The canaries are texts of the test messages. No result may contain them.
const (
	canaryText  = "canary-text-4711"
	canaryParam = "canary-param-4712"
)

// fixture contains the adapter under test, and the kit's server between the
// adapter and the vendor. Many goroutines may call dispatch, send and record at
// once.
type fixture struct {
	Target
	caps      adapter.Capabilities
	adapter   adapter.Adapter
	transport *http.Transport

	url     string
	server  *http.Server
	done    chan struct{}
	handler atomic.Pointer[http.Handler] // handles the adapter's calls
	run     string                       // part of every id, so that a real vendor has not seen the id before
	serial  atomic.Int64

	mu        sync.Mutex
	results   []string // every different result, printed
	recorded  map[string]bool
	addresses []string
}

// newFixture starts the kit's server and builds the adapter. The caller must close
// the fixture.
func newFixture(t Target) (*fixture, error) {
	if t.Channel == "" {
		t.Channel = t.Factory.Channel
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Address == nil {
		t.Address = func(n int) string { return fmt.Sprintf("+1555%07d", 9_000_000+n) }
	}
	b := &fixture{Target: t, transport: &http.Transport{MaxIdleConnsPerHost: 64}, run: rand.Text(), done: make(chan struct{}), recorded: map[string]bool{}}
	if err := b.serve(); err != nil {
		return nil, err
	}
	a, err := b.build(b.url)
	if err != nil {
		b.close()
		return nil, fmt.Errorf("the factory rejects the target's configuration: %w", err)
	}
	b.adapter = a
	return b, nil
}

// build returns an adapter whose vendor is at url.
func (b *fixture) build(url string) (adapter.Adapter, error) {
	cfg := b.Config(url)
	b.caps = b.Factory.Capabilities(cfg)
	return b.Factory.New(cfg, adapter.Options{Transport: b.transport, Now: b.Now})
}

// serve starts the kit's server on a free port of loopback.
func (b *fixture) serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the kit cannot listen: %w", err)
	}
	b.url = "http://" + l.Addr().String()
	b.answerWith(b.Good)
	b.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*b.handler.Load()).ServeHTTP(w, r)
	})}
	go func() {
		defer close(b.done)
		_ = b.server.Serve(l) // returns when close closes the server
	}()
	return nil
}

// close stops the server and closes idle connections.
func (b *fixture) close() {
	b.server.Close()
	<-b.done
	b.transport.CloseIdleConnections()
}

// answerWith makes h handle the adapter's next calls.
func (b *fixture) answerWith(h http.Handler) {
	if h == nil {
		h = http.NotFoundHandler()
	}
	b.handler.Store(&h)
}

// dispatch returns a new dispatch, with an id of its own and with the canaries.
func (b *fixture) dispatch() adapter.Dispatch {
	n := int(b.serial.Add(1))
	id := touch.NewID("adaptertest", fmt.Sprintf("%s-%d", b.run, n))
	return adapter.Dispatch{
		ID: touch.DispatchID(id, 0), Touch: id, Channel: b.Channel, Customer: fmt.Sprintf("customer-%d", n),
		Category: touch.Service, Campaign: "adaptertest", Subject: "proof", Address: b.Address(n), Template: "proof",
		Params:    map[string]string{"name": canaryParam},
		Content:   touch.Content{Title: "Proof", Body: canaryText},
		ExpiresAt: b.Now().Add(time.Hour),
	}
}

// send sends a dispatch and records the result for dataLeaks.
func (b *fixture) send(ctx context.Context, d adapter.Dispatch) touch.Result {
	return b.record(d, b.adapter.Send(ctx, d))
}

// record stores a result and the dispatch's address for dataLeaks. It returns the
// result.
func (b *fixture) record(d adapter.Dispatch, r touch.Result) touch.Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if printed := fmt.Sprintf("%+v", r); !b.recorded[printed] {
		b.recorded[printed] = true
		b.results = append(b.results, printed)
	}
	b.addresses = append(b.addresses, d.Address)
	return r
}

// dataLeaks checks that no recorded result contains an address, a text or a secret.
// It must be the last check.
func dataLeaks(_ context.Context, b *fixture) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, printed := range b.results {
		for _, canary := range slices.Concat(b.Secrets, b.addresses, []string{canaryText, canaryParam}) {
			if canary != "" && strings.Contains(printed, canary) {
				return fmt.Errorf("a result contains an address, a text or a secret: %s", strings.ReplaceAll(printed, canary, "[canary]"))
			}
		}
	}
	return nil
}

// sendAccepted sends a new message to the good vendor. It returns an error if the
// result is not Accepted.
func (b *fixture) sendAccepted(ctx context.Context) (adapter.Dispatch, touch.Result, error) {
	d := b.dispatch()
	r := b.send(ctx, d)
	if r.Class != touch.ResultAccepted {
		return d, r, fmt.Errorf("with the good vendor the result is %s (code %q, %s), not accepted", r.Class, r.Code, r.Detail)
	}
	return d, r, nil
}

// wantMessages returns an error if the vendor did not send exactly want messages
// for the dispatch. It returns nil if the target cannot count messages.
func (b *fixture) wantMessages(d adapter.Dispatch, want int) error {
	if b.Messages == nil {
		return nil
	}
	if got := b.Messages(d.ID); got != want {
		return fmt.Errorf("the vendor sent %d messages, not %d", got, want)
	}
	return nil
}
