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

// vendor is a small vendor of these tests: it takes "id\naddress\ntext", knows
// ids, and answers with an id of its own.
type vendor struct {
	mu   sync.Mutex
	sent map[string]int
	dup  bool // sends a known id again
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

// flaw is one way to break the contract; "" breaks none.
type flaw string

const (
	unknownIsRetryable flaw = "a lost answer is called retryable"
	quotes             flaw = "the vendor's words are kept"
	noDelay            flaw = "a throttle loses its delay"
	deaf               flaw = "the context is ignored"
	retries            flaw = "a failed call is tried again"
	mixesUp            flaw = "answers are shared"
	believesAnything   flaw = "any 200 is accepted"
	leavesGoroutines   flaw = "goroutines stay"
	forgets            flaw = "a batch is answered out of order"
	believesForgeries  flaw = "signatures are not checked"
	panics             flaw = "the parser panics"
	sendsTwice         flaw = "the vendor sends a known id again"
)

// thin is an adapter with a flaw.
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

func (a *thin) once(ctx context.Context, d adapter.Dispatch) touch.Result {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(d.ID+"\n"+d.Address+"\n"+d.Content.Body))
	if err != nil {
		return touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonOther}
	}
	req.GetBody = nil // net/http must not send it again by itself
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
	return a.judge(resp, string(body), d)
}

func (a *thin) judge(resp *http.Response, body string, d adapter.Dispatch) touch.Result {
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
	if r.Header.Get("X-Sign") != mark(r.Body) && a.flaw != believesForgeries {
		return nil, adapter.Ack{}, touch.Errorf(touch.Unauthenticated, "", "forged")
	}
	id, ok := strings.CutPrefix(string(r.Body), "delivered ")
	if !ok || strings.ContainsFunc(id, func(c rune) bool { return c < '0' }) {
		if a.flaw == panics {
			panic("a broken body")
		}
		return nil, adapter.Ack{}, touch.Errorf(touch.Invalid, "", "broken")
	}
	return []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptDelivered}}, adapter.Ack{}, nil
}

// mark is a signature good enough for tests.
func mark(body []byte) string {
	n := byte(1)
	for _, b := range body {
		n = n*31 + b
	}
	return "sum-" + string(rune('a'+n%26)) + string(rune('a'+n/26))
}

func sign(body []byte) adapter.ReceiptRequest {
	return adapter.ReceiptRequest{Method: http.MethodPost, Header: http.Header{"X-Sign": {mark(body)}}, Body: body}
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

func TestGoodAdapterPasses(t *testing.T) { adaptertest.Run(t, target("")) }

// A kit that passes a flawed adapter proves nothing.
func TestEveryFlawIsFound(t *testing.T) {
	for f, duty := range map[flaw]string{
		unknownIsRetryable: "accepted, then reset", quotes: "leaks no data", noDelay: "429", deaf: "ends with the context",
		mixesUp: "apart in parallel", believesAnything: "200 with garbage", leavesGoroutines: "goroutines",
		forgets: "batch in order", believesForgeries: "forged receipts", panics: "broken receipts", sendsTwice: "same id twice",
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

func TestRefusedConfiguration(t *testing.T) {
	bad := target("")
	bad.Factory.New = func(any, adapter.Options) (adapter.Adapter, error) { return nil, errors.New("no") }
	if err := adaptertest.Check(t.Context(), bad); err == nil {
		t.Error("a factory that refuses is passed")
	}
}
