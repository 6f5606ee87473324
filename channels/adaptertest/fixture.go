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

// The canaries: what must appear in no result.
const (
	canaryText  = "canary-text-4711"
	canaryParam = "canary-param-4712"
)

// fixture holds the adapter under test, and the kit's server between it and the
// vendor.
type fixture struct {
	Target
	caps      adapter.Capabilities
	adapter   adapter.Adapter
	transport *http.Transport

	url     string
	server  *http.Server
	done    chan struct{}
	handler atomic.Pointer[http.Handler] // what answers
	run     string                       // names this run, so that ids are new to a real vendor
	serial  atomic.Int64

	mu        sync.Mutex
	results   []string // every word of every result
	recorded  map[string]bool
	addresses []string
}

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
		return nil, fmt.Errorf("the factory refuses the target's configuration: %w", err)
	}
	b.adapter = a
	return b, nil
}

func (b *fixture) build(url string) (adapter.Adapter, error) {
	cfg := b.Config(url)
	b.caps = b.Factory.Capabilities(cfg)
	return b.Factory.New(cfg, adapter.Options{Transport: b.transport, Now: b.Now})
}

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
		_ = b.server.Serve(l) // ends by close
	}()
	return nil
}

func (b *fixture) close() {
	b.server.Close()
	<-b.done
	b.transport.CloseIdleConnections()
}

// answerWith lets h answer from now on.
func (b *fixture) answerWith(h http.Handler) {
	if h == nil {
		h = http.NotFoundHandler()
	}
	b.handler.Store(&h)
}

// dispatch makes a new one, full of canaries.
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

// send sends and remembers what was answered, for the check of leaks.
func (b *fixture) send(ctx context.Context, d adapter.Dispatch) touch.Result {
	return b.record(d, b.adapter.Send(ctx, d))
}

func (b *fixture) record(d adapter.Dispatch, r touch.Result) touch.Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if words := fmt.Sprintf("%+v", r); !b.recorded[words] {
		b.recorded[words] = true
		b.results = append(b.results, words)
	}
	b.addresses = append(b.addresses, d.Address)
	return r
}

// leaks proves that no result quoted an address, a text or a secret.
func leaks(_ context.Context, b *fixture) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, words := range b.results {
		for _, canary := range slices.Concat(b.Secrets, b.addresses, []string{canaryText, canaryParam}) {
			if canary != "" && strings.Contains(words, canary) {
				return fmt.Errorf("a result quotes an address, a text or a secret: %s", strings.ReplaceAll(words, canary, "[canary]"))
			}
		}
	}
	return nil
}

// sendAccepted sends a message by the good vendor and wants it accepted.
func (b *fixture) sendAccepted(ctx context.Context) (adapter.Dispatch, touch.Result, error) {
	d := b.dispatch()
	r := b.send(ctx, d)
	if r.Class != touch.ResultAccepted {
		return d, r, fmt.Errorf("the good vendor's answer is %s (code %q, %s), not accepted", r.Class, r.Code, r.Detail)
	}
	return d, r, nil
}

// wantMessages checks that exactly one message went out, where that can be seen.
func (b *fixture) wantMessages(d adapter.Dispatch, want int) error {
	if b.Messages == nil {
		return nil
	}
	if got := b.Messages(d.ID); got != want {
		return fmt.Errorf("%d messages went out, not %d", got, want)
	}
	return nil
}
