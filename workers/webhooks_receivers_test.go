package workers_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// receivers are the callers' webhooks by host, without a network. They run on
// the time of synctest.
type receivers struct {
	mu     sync.Mutex
	answer map[string]func(r *http.Request) int // by host; absent: 204
	calls  []receivedCall
}

type receivedCall struct {
	host, id, body string
	began          time.Time
	events         []touch.Event
	status         int // 0: it did not answer
	signature      string
}

func (rs *receivers) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	call := receivedCall{
		host: r.URL.Host, id: r.Header.Get("webhook-id"), body: string(body), began: time.Now(), status: http.StatusNoContent,
		signature: r.Header.Get("webhook-signature"),
	}
	var got struct{ Data []touch.Event }
	if err := json.Unmarshal(body, &got); err != nil {
		return nil, err
	}
	call.events = got.Data
	rs.mu.Lock()
	answer := rs.answer[call.host]
	rs.mu.Unlock()
	if answer != nil {
		call.status = answer(r)
	}
	rs.mu.Lock()
	rs.calls = append(rs.calls, call)
	rs.mu.Unlock()
	if call.status == 0 {
		return nil, fmt.Errorf("no answer: %w", r.Context().Err())
	}
	return &http.Response{StatusCode: call.status, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// set changes how a host answers.
func (rs *receivers) set(host string, answer func(r *http.Request) int) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.answer == nil {
		rs.answer = map[string]func(*http.Request) int{}
	}
	rs.answer[host] = answer
}

// of returns the calls of a host, in the order of their answers.
func (rs *receivers) of(host string) (calls []receivedCall) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, c := range rs.calls {
		if c.host == host {
			calls = append(calls, c)
		}
	}
	return calls
}

func slow(d time.Duration) func(*http.Request) int {
	return func(r *http.Request) int {
		select {
		case <-time.After(d):
			return http.StatusNoContent
		case <-r.Context().Done():
			return 0
		}
	}
}

func hang(r *http.Request) int {
	<-r.Context().Done()
	return 0
}

func status(code int) func(*http.Request) int { return func(*http.Request) int { return code } }

// hooks is a ledger with subscriptions and receivers, for tests in synctest.
type hooks struct {
	t         testing.TB
	ledger    *ledger.Ledger
	receivers receivers
	n         int
}

func newHooks(t testing.TB) *hooks {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return &hooks{t: t, ledger: l}
}

// worker makes a Webhooks as a process has it.
func (h *hooks) worker(name string) *workers.Webhooks {
	o := workers.Options{Ledger: h.ledger, Name: name, Now: time.Now, Logger: discard}
	return workers.NewWebhooks(o, &h.receivers, 10*time.Second)
}

// run runs a worker until the returned function is called.
func (h *hooks) run(name string) (stop func()) {
	ctx, cancel := contextOf(h.t)
	done := make(chan struct{})
	w := h.worker(name)
	go func() { defer close(done); w.Run(ctx) }()
	return func() { cancel(); <-done }
}

func (h *hooks) subscribe(caller, host string) string {
	h.t.Helper()
	h.n++
	sub := ledger.Subscription{
		ID: fmt.Sprintf("s%d-%s", h.n, host), Caller: caller, URL: "https://" + host + "/hook", Secret: hookSecret, CreatedAt: time.Now(),
		Kinds: []touch.EventKind{touch.EventAccepted},
	}
	if err := h.ledger.Subscriptions.Create(h.t.Context(), sub, 0); err != nil {
		h.t.Fatal(err)
	}
	return sub.ID
}

// event makes one event of a caller.
func (h *hooks) event(caller string) {
	h.t.Helper()
	h.n++
	key := fmt.Sprintf("k%d", h.n)
	now := time.Now()
	id := touch.NewID(caller, key)
	n := ledger.NewTouch{
		Touch: touch.Touch{ID: id, Caller: caller, AcceptedAt: now, Request: touch.Request{
			Key: key, Customer: "c", Category: touch.Service, Campaign: "spring",
			Plan: []touch.Leg{{Channel: touch.Inbox, Content: &touch.Content{Body: "hello"}}},
		}},
		State: touch.StateDue, Due: now, Lane: touch.Lane(touch.Inbox, false),
		Events: []touch.Event{{Kind: touch.EventAccepted, At: now, Touch: id, Key: key, Caller: caller, State: touch.StateDue}},
	}
	n.Digest = n.Touch.Digest()
	if _, _, err := h.ledger.Intake.Accept(h.t.Context(), []ledger.NewTouch{n}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hooks) get(id string) *ledger.Subscription {
	h.t.Helper()
	s, err := h.ledger.Subscriptions.Get(h.t.Context(), "", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// delays returns how long after each event its receiver heard of it.
func delays(calls []receivedCall) (all []time.Duration) {
	for _, c := range calls {
		for _, e := range c.events {
			all = append(all, c.began.Sub(e.At))
		}
	}
	return all
}
