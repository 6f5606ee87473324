package vendorhttp_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func key(t *testing.T) vendorhttp.Key {
	t.Helper()
	k, err := vendorhttp.ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// What we sign the library verifies, and the other way round.
func TestSignatureAgreesWithLibrary(t *testing.T) {
	lib, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	now, body, ours := time.Now(), []byte(`{"a":"ü"}`), http.Header{}
	key(t).Sign(ours, "msg_1", now, body)
	if err := lib.Verify(body, ours); err != nil {
		t.Errorf("the library refuses ours: %v", err)
	}
	signature, err := lib.Sign("msg_2", now, body)
	if err != nil {
		t.Fatal(err)
	}
	theirs := http.Header{}
	theirs.Set("webhook-id", "msg_2")
	theirs.Set("webhook-timestamp", ours.Get("webhook-timestamp"))
	theirs.Set("webhook-signature", "v1a,ignored v1,AAAA "+signature)
	if err := key(t).Verify(theirs, now, body); err != nil {
		t.Errorf("we refuse the library's: %v", err)
	}
}

// The vector of the specification.
func TestSignatureVector(t *testing.T) {
	h := http.Header{}
	key(t).Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s", got)
	}
}

func TestForgeries(t *testing.T) {
	now, body := time.Now(), []byte("[]")
	for name, spoil := range map[string]func(h http.Header){
		"no id":        func(h http.Header) { h.Del("webhook-id") },
		"another id":   func(h http.Header) { h.Set("webhook-id", "x") },
		"no signature": func(h http.Header) { h.Del("webhook-signature") },
		"old":          func(h http.Header) { key(t).Sign(h, "m", now.Add(-6*time.Minute), body) },
		"early":        func(h http.Header) { key(t).Sign(h, "m", now.Add(6*time.Minute), body) },
		"other key": func(h http.Header) {
			k, err := vendorhttp.ParseKey(vendorhttp.FormatKey(make([]byte, 24)))
			if err != nil {
				t.Fatal(err)
			}
			k.Sign(h, "m", now, body)
		},
	} {
		h := http.Header{}
		key(t).Sign(h, "m", now, body)
		spoil(h)
		if err := key(t).Verify(h, now, body); touch.ClassOf(err) != touch.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeyDoesNotQuote(t *testing.T) {
	for _, s := range []string{"hunter2", "whsec_hunter2hunter2", "whsec_c2hvcnQ=", ""} {
		_, err := vendorhttp.ParseKey(s)
		if touch.ClassOf(err) != touch.Invalid || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// vendor starts a server that handles each connection as f says.
func vendor(t *testing.T, f func(net.Conn)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f(c)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/x"}
}

func do(t *testing.T, ctx context.Context, to *url.URL, harmless bool) (vendorhttp.Reply, touch.Result, bool) {
	t.Helper()
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	return vendorhttp.Do(ctx, rt, vendorhttp.Call{Method: http.MethodPost, URL: to, Body: []byte("{}"), Harmless: harmless})
}

func TestTransportFailures(t *testing.T) {
	closed := vendor(t, func(c net.Conn) { c.Close() })
	resets := vendor(t, func(c net.Conn) {
		io.ReadFull(c, make([]byte, 10))
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	})
	cut := vendor(t, func(c net.Conn) {
		readAll(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")
		c.Close()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	gone := &url.URL{Scheme: "http", Host: l.Addr().String()}
	dns := &url.URL{Scheme: "http", Host: "no-such-host.invalid"}
	for name, c := range map[string]struct {
		to       *url.URL
		harmless bool
		want     touch.ResultClass
	}{
		"refused":              {gone, false, touch.ResultRetryable},
		"no such host":         {dns, false, touch.ResultRetryable},
		"closed at once":       {closed, false, touch.ResultUnknown},
		"reset":                {resets, false, touch.ResultUnknown},
		"answer cut short":     {cut, false, touch.ResultUnknown},
		"reset while harmless": {resets, true, touch.ResultRetryable},
	} {
		_, r, ok := do(t, t.Context(), c.to, c.harmless)
		if ok || r.Class != c.want || r.Code == "" {
			t.Errorf("%s: %+v", name, r)
		}
		if strings.Contains(r.Detail+r.Code, "127.0.0.1") {
			t.Errorf("%s quotes an address: %+v", name, r)
		}
	}
}

// net/http sends some requests again by itself. Ours may never be: the server
// here resets kept connections after it has read the second request.
func TestNeverSentTwice(t *testing.T) {
	var requests atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			return
		}
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: mux}
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(l) }()
	defer func() { s.Close(); <-done }()
	rt := &http.Transport{}
	defer rt.CloseIdleConnections()
	for i := range 2 {
		h := http.Header{"idempotency-key": {"k"}}
		_, r, ok := vendorhttp.Do(t.Context(), rt, vendorhttp.Call{
			Method: http.MethodPost, URL: &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}, Header: h, Body: []byte("{}"),
		})
		if (i == 0) != ok || (i == 1 && r.Class != touch.ResultUnknown) {
			t.Errorf("call %d: %+v %v", i, r, ok)
		}
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("the vendor saw %d requests for 2 calls", n)
	}
}

// readAll reads a whole request: to close over unread bytes would reset the answer.
func readAll(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		io.Copy(io.Discard, r.Body)
	}
}

func TestTooLongAnswer(t *testing.T) {
	long := vendor(t, func(c net.Conn) {
		readAll(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n")
		io.CopyN(c, rand.Reader, 2_000_000)
		c.Close()
	})
	if _, r, ok := do(t, t.Context(), long, false); ok || r.Class != touch.ResultUnknown || r.Code != "answer_too_long" {
		t.Errorf("got %+v", r)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": time.Second, "junk": time.Second, "5": 5 * time.Second, "-3": 0, "99999999999": 24 * time.Hour,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := vendorhttp.RetryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"isv.BUSINESS_LIMIT_CONTROL": "isv.BUSINESS_LIMIT_CONTROL", "30005": "30005", "DB:0144": "DB:0144",
		"+8613800000000": "", "8613800000000": "", "to 1380": "", strings.Repeat("x", 49): "", "名": "",
	} {
		if got := vendorhttp.Code(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
