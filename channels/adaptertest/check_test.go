package adaptertest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	"touchgate.dev/touch"
)

// vendor is a small vendor for these tests. It accepts "id\naddress\ntext",
// recognises repeated ids, and responds with an id of its own.
type vendor struct {
	mu   sync.Mutex
	sent map[string]int
	dup  bool // sends a second message for a repeated id
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	id, _, _ := strings.Cut(string(body), "\n")
	if err != nil || id == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	v.mu.Lock()
	if v.sent[id] == 0 || v.dup {
		v.sent[id]++
	}
	v.mu.Unlock()
	io.WriteString(w, "ok v-"+id)
}

func (v *vendor) messages(id string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sent[id]
}

// flaw is one way in which an adapter or a vendor breaks a duty; "" is none.
type flaw string

const (
	unknownIsRetryable flaw = "lost response is retryable"
	quotes             flaw = "result quotes the vendor"
	noDelay            flaw = "throttled without delay"
	deaf               flaw = "context ignored"
	retries            flaw = "failed call repeated"
	mixesUp            flaw = "results mixed up"
	believesAnything   flaw = "every 200 accepted"
	leavesGoroutines   flaw = "goroutine leak"
	forgets            flaw = "batch out of order"
	believesForgeries  flaw = "signatures not checked"
	panics             flaw = "parser panics"
	sendsTwice         flaw = "repeated id sent twice"
)

// thin is a small adapter with one flaw.
type thin struct {
	flaw flaw
	url  string
	rt   http.RoundTripper
	mu   sync.Mutex
	last string
}

func (a *thin) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	if a.flaw == deaf {
		ctx = context.WithoutCancel(ctx)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 2200*time.Millisecond)
		defer cancel()
	}
	if a.flaw == leavesGoroutines {
		go func() { time.Sleep(time.Minute) }()
	}
	r := a.once(ctx, d)
	if a.flaw == retries && r.Class == touch.ResultUnknown && ctx.Err() == nil {
		r = a.once(ctx, d)
	}
	return r
}

// once makes one HTTP call.
func (a *thin) once(ctx context.Context, d adapter.Dispatch) touch.Result {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(d.ID+"\n"+d.Address+"\n"+d.Content.Body))
	if err != nil {
		return touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonOther}
	}
	req.GetBody = nil // without it net/http cannot repeat the request
	resp, err := a.rt.RoundTrip(req)
	if err != nil {
		if strings.Contains(err.Error(), "refused") || a.flaw == unknownIsRetryable {
			return touch.Result{Class: touch.ResultRetryable}
		}
		return touch.Result{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return touch.Result{}
	}
	return a.classify(resp, string(body), d)
}

// classify maps the vendor's response to a result.
func (a *thin) classify(resp *http.Response, body string, d adapter.Dispatch) touch.Result {
	var r touch.Result
	if a.flaw == quotes {
		r.Detail = body
	}
	switch {
	case resp.StatusCode == 429:
		r.Class = touch.ResultThrottled
		if a.flaw != noDelay {
			r.RetryAfter = 7 * time.Second
		}
	case resp.StatusCode == 401, resp.StatusCode == 403:
		r.Class = touch.ResultMisconfigured
	case resp.StatusCode/100 == 4:
		r.Class, r.Reason = touch.ResultRejected, touch.ReasonOther
	case resp.StatusCode == 200 && (body == "ok v-"+d.ID || a.flaw == believesAnything):
		r.Class, r.VendorID = touch.ResultAccepted, strings.TrimPrefix(body, "ok ")
		a.mu.Lock()
		if a.flaw == mixesUp && a.last != "" {
			r.VendorID = a.last
		}
		a.last = r.VendorID
		a.mu.Unlock()
	}
	return r
}

func (a *thin) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	rs := make([]touch.Result, len(ds))
	for i, d := range ds {
		at := i
		if a.flaw == forgets {
			at = len(ds) - 1 - i
		}
		rs[at] = a.Send(ctx, d)
	}
	return rs
}

func (a *thin) ParseReceipts(r adapter.ReceiptRequest) ([]touch.Receipt, adapter.Ack, error) {
	if r.Header.Get("X-Sign") != checksum(r.Body) && a.flaw != believesForgeries {
		return nil, adapter.Ack{}, touch.Errorf(touch.Unauthenticated, "", "the signature is wrong")
	}
	id, ok := strings.CutPrefix(string(r.Body), "delivered ")
	if !ok || strings.ContainsFunc(id, func(c rune) bool { return c < '0' }) {
		if a.flaw == panics {
			panic("a broken body")
		}
		return nil, adapter.Ack{}, touch.Errorf(touch.Invalid, "", "the body cannot be parsed")
	}
	return []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptDelivered}}, adapter.Ack{}, nil
}

// checksum replaces a signature in these tests.
func checksum(body []byte) string {
	n := byte(1)
	for _, b := range body {
		n = n*31 + b
	}
	return "sum-" + string(rune('a'+n%26)) + string(rune('a'+n/26))
}

func sign(body []byte) adapter.ReceiptRequest {
	return adapter.ReceiptRequest{Method: http.MethodPost, Header: http.Header{"X-Sign": {checksum(body)}}, Body: body}
}

func target(f flaw) adaptertest.Target {
	v := &vendor{sent: map[string]int{}, dup: f == sendsTwice}
	return adaptertest.Target{
		Factory: adapter.Factory{
			Name: "thin", Channel: touch.SMS,
			Capabilities: func(any) adapter.Capabilities {
				return adapter.Capabilities{MaxBatch: 5, EchoesID: true, IdempotencyWindow: time.Hour}
			},
			New: func(c any, o adapter.Options) (adapter.Adapter, error) {
				return &thin{flaw: f, url: c.(string), rt: o.Transport}, nil
			},
		},
		Config:   func(url string) any { return url },
		Good:     v,
		Messages: v.messages,
		Sign:     sign,
		Receipts: []adaptertest.Golden{{Name: "delivered", Request: sign([]byte("delivered 7")), Want: []touch.Receipt{{Dispatch: "7", Kind: touch.ReceiptDelivered}}}},
	}
}

func TestRunGoodAdapter(t *testing.T) { adaptertest.Run(t, target("")) }

// Check must report each flaw, under the name of the broken duty.
func TestCheckFindsEachFlaw(t *testing.T) {
	for f, duty := range map[flaw]string{
		unknownIsRetryable: "accepted, then reset", quotes: "data leaks", noDelay: "429", deaf: "context end",
		mixesUp: "parallel sends", believesAnything: "200 with garbage", leavesGoroutines: "goroutines",
		forgets: "batch order", believesForgeries: "forged receipts", panics: "broken receipts", sendsTwice: "repeated id",
		retries: "one attempt",
	} {
		t.Run(string(f), func(t *testing.T) {
			err := adaptertest.Check(t.Context(), target(f))
			if err == nil || !strings.Contains(err.Error(), duty) {
				t.Errorf("%q is not reported in: %v", duty, err)
			}
		})
	}
}

func TestCheckRejectedConfig(t *testing.T) {
	bad := target("")
	bad.Factory.New = func(any, adapter.Options) (adapter.Adapter, error) { return nil, errors.New("no") }
	if err := adaptertest.Check(t.Context(), bad); err == nil {
		t.Error("Check returned nil, although the factory returned an error")
	}
}
