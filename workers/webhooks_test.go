package workers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

const hookSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

// listener is a caller's webhook that checks signatures.
type listener struct {
	mu     sync.Mutex
	answer int
	seen   []touch.Event
	forged int
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	hook, err := standardwebhooks.NewWebhook(hookSecret)
	if err == nil {
		err = hook.VerifyIgnoringTimestamp(body, r.Header)
	}
	if err != nil {
		l.forged++
	}
	if l.answer/100 == 2 {
		var got struct{ Data []touch.Event }
		_ = json.Unmarshal(body, &got)
		l.seen = append(l.seen, got.Data...)
	}
	w.WriteHeader(l.answer)
}

func TestWebhooksInOrder(t *testing.T) {
	h := newFixture(t)
	l := &listener{answer: http.StatusServiceUnavailable}
	server := httptest.NewServer(l)
	defer server.Close()
	sub := ledger.Subscription{
		ID: "s1", Caller: "bank", URL: server.URL, Secret: hookSecret, CreatedAt: h.now,
		Kinds: []touch.EventKind{touch.EventAccepted, touch.EventSent},
	}
	if err := h.ledger.Subscriptions.Create(h.ctx, sub, 0); err != nil {
		t.Fatal(err)
	}
	h.submit(150, nil)
	r := workers.NewWebhooks(h.options("reporter"), http.DefaultTransport, time.Second)
	if err := r.Step(h.ctx); err != nil {
		t.Fatal(err)
	}
	subs, err := h.ledger.Subscriptions.List(h.ctx, "bank", "", 10)
	if err != nil || subs[0].Failures != 1 || subs[0].Cursor != 0 || !subs[0].NextAt.After(h.now) {
		t.Fatalf("after a failure: %+v, %v", subs, err)
	}
	l.answer = http.StatusNoContent
	if err := r.Step(h.ctx); err != nil || len(l.seen) != 0 {
		t.Fatalf("asked again before its time: %d, %v", len(l.seen), err)
	}
	h.advance(time.Hour)
	h.step()
	for range 2 {
		if err := r.Step(h.ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.seen) != 300 || l.forged != 0 {
		t.Fatalf("heard %d events, want 300; %d with a bad signature", len(l.seen), l.forged)
	}
	for i := 1; i < len(l.seen); i++ {
		if l.seen[i].Seq <= l.seen[i-1].Seq {
			t.Fatalf("event %d came after %d", l.seen[i].Seq, l.seen[i-1].Seq)
		}
	}
}
