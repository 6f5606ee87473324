package vendorapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// client speaks to a vendor that always gives this answer.
func client(t *testing.T, status int, body string) adapter.Adapter {
	t.Helper()
	cfg := vendorapi.Defaults()
	cfg.URL, cfg.Secret, cfg.MaxBatch = "http://vendor", secret, 10
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			io.Copy(io.Discard, r.Body)
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})
	a, err := vendorapi.New(vendorapi.Messages, cfg, adapter.Options{Transport: rt, Now: time.Now}, func(d adapter.Dispatch) vendorapi.Message {
		return vendorapi.Message{ID: d.ID, To: d.Address}
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A batch's answer is matched by id: what it passes over is unknown, what it
// says of others is ignored, and its order does not matter.
func TestBatchAnswers(t *testing.T) {
	ds := []adapter.Dispatch{{ID: "a.0"}, {ID: "b.0"}, {ID: "c.0"}}
	send := func(status int, body string) []touch.ResultClass {
		t.Helper()
		var out []touch.ResultClass
		for _, r := range client(t, status, body).(adapter.BatchSender).SendBatch(t.Context(), ds) {
			out = append(out, r.Class)
		}
		return out
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   []touch.ResultClass
	}{
		{"out of order, with a gap and a stranger", 200, `{"results":[{"id":"c.0","status":"rejected"},{"id":"x","status":"accepted"},{"id":"a.0","status":"accepted"}]}`,
			[]touch.ResultClass{touch.ResultAccepted, touch.ResultUnknown, touch.ResultRejected}},
		{"garbage", 200, `{"results":7}`, []touch.ResultClass{0, 0, 0}},
		{"the whole batch is throttled", 429, `{"status":"throttled","retry_after":3}`, []touch.ResultClass{touch.ResultThrottled, touch.ResultThrottled, touch.ResultThrottled}},
		{"results in an error", 500, `{"results":[{"id":"a.0","status":"accepted"}]}`, []touch.ResultClass{0, 0, 0}},
		{"one message's answer for all", 200, `{"id":"a.0","status":"accepted"}`, []touch.ResultClass{0, 0, 0}},
	} {
		got := send(c.status, c.body)
		for i := range c.want {
			if got[i] != c.want[i] {
				t.Errorf("%s: message %d is %s, want %s", c.name, i, got[i], c.want[i])
			}
		}
	}
}

// Only the contract's own word makes a query say "not sent".
func TestQueryNeverGuesses(t *testing.T) {
	for body, c := range map[string]struct {
		status int
		want   touch.ResultClass
	}{
		`{"id":"a.0","status":"accepted","vendor_id":"v"}`: {200, touch.ResultAccepted},
		`{"id":"a.0","status":"not_found"}`:                {404, touch.ResultRetryable},
		`{"id":"a.0","status":"rejected"}`:                 {200, touch.ResultRetryable},
		`{"id":"b.0","status":"not_found"}`:                {404, touch.ResultUnknown},
		`404 page not found`:                               {404, touch.ResultUnknown},
		`{"id":"a.0","status":"throttled"}`:                {429, touch.ResultUnknown},
		`{"id":"a.0","status":"unknown"}`:                  {200, touch.ResultUnknown},
		``:                                                 {500, touch.ResultUnknown},
	} {
		r := client(t, c.status, body).(adapter.Querier).Query(context.Background(), adapter.Dispatch{ID: "a.0"})
		if r.Class != c.want {
			t.Errorf("%d %s: %s, want %s", c.status, body, r.Class, c.want)
		}
	}
}

func TestProbe(t *testing.T) {
	for status, want := range map[int]touch.ErrorClass{204: "", 200: "", 401: touch.Forbidden, 403: touch.Forbidden, 500: touch.Unavailable, 302: touch.Unavailable} {
		if err := client(t, status, "").(adapter.Prober).Probe(t.Context()); touch.ClassOf(err) != want {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// A delay that makes no sense does not become a negative or an endless one.
func TestDelays(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"status":"throttled","retry_after":0.5}`: 500 * time.Millisecond, `{"status":"throttled"}`: time.Second,
		`{"status":"throttled","retry_after":-5}`: time.Second, `{"status":"throttled","retry_after":1e300}`: time.Second,
	} {
		if r := client(t, 429, body).Send(t.Context(), adapter.Dispatch{ID: "a.0"}); r.Class != touch.ResultThrottled || r.RetryAfter != want {
			t.Errorf("%s: %+v", body, r)
		}
	}
}

// The words of the contract are kept apart from Go's names: a renamed field
// would break every vendor.
func TestWireNames(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	b, err := json.Marshal([]any{
		vendorapi.Message{ID: "i", To: "t", From: "f", Text: "x", Template: "p", Params: map[string]string{"a": "b"}, ExpiresAt: &at, Resend: true},
		vendorapi.Call{ID: "i", To: "t", From: "f", Script: "s", Text: "x", RingFor: 30, Attempts: 1},
		vendorapi.Answer{ID: "i", Status: vendorapi.StatusThrottled, VendorID: "v", Reason: "other", Code: "c", RetryAfter: 2},
		vendorapi.Receipt{ID: "i", VendorID: "v", Status: "failed", Reason: "bad_target", Outcome: "o", Code: "c", At: at},
	})
	want := `[{"id":"i","to":"t","from":"f","text":"x","template":"p","params":{"a":"b"},"expires_at":"2026-11-21T09:00:00Z","resend":true},` +
		`{"id":"i","to":"t","from":"f","script":"s","text":"x","ring_for":30,"attempts":1},` +
		`{"id":"i","status":"throttled","vendor_id":"v","reason":"other","code":"c","retry_after":2},` +
		`{"id":"i","vendor_id":"v","status":"failed","reason":"bad_target","outcome":"o","code":"c","at":"2026-11-21T09:00:00Z"}]`
	if err != nil || string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}
