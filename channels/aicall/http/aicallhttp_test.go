package aicallhttp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	aicallhttp "touchgate.dev/channels/aicall/http"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var id = touch.DispatchID(touch.NewID("c", "k"), 0)

func sign(body []byte) adapter.ReceiptRequest {
	key, err := vendorhttp.ParseKey(secret)
	if err != nil {
		panic(err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	key.Sign(h, "r-1", time.Now(), body)
	return adapter.ReceiptRequest{Method: http.MethodPost, Header: h, Body: body}
}

// outcome returns a signed callback that reports the outcome of one call.
func outcome(status string) adapter.ReceiptRequest {
	return sign([]byte(`[{"id":"` + id + `","status":"` + status + `"}]`))
}

func config(url string) *aicallhttp.Config {
	c := aicallhttp.Factory().Config().(*aicallhttp.Config)
	c.URL, c.Secret = url+"/dialler", secret
	return c
}

func target(tb testing.TB) adaptertest.Target {
	sim, err := simulator.New(simulator.Options{Secret: secret})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(sim.Close)
	return adaptertest.Target{
		Factory:  aicallhttp.Factory(),
		Config:   func(url string) any { return config(url) },
		Good:     sim,
		Messages: sim.Received().Count,
		Secrets:  []string{secret},
		Sign:     sign,
		Receipts: []adaptertest.Golden{
			{Name: "answered", Request: outcome("answered"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptDelivered}}},
			{Name: "conversation", Request: outcome("conversation"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeConversation}}},
			{Name: "refused", Request: outcome("refused"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeRefused}}},
			{Name: "opt-out", Request: outcome("opt_out"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeOptOut}}},
			{Name: "abandoned", Request: outcome("abandoned"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeAbandoned}}},
			{Name: "no answer", Request: outcome("no_answer"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptFailed, Outcome: touch.OutcomeNoAnswer, Reason: touch.ReasonOther, Code: "no_answer"}}},
			{Name: "busy", Request: outcome("busy"), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptFailed, Outcome: touch.OutcomeNoAnswer, Reason: touch.ReasonOther, Code: "busy"}}},
			{Name: "failed", Request: sign([]byte(`[{"id":"` + id + `","status":"failed","reason":"bad_target"}]`)), Want: []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptFailed, Reason: touch.ReasonBadTarget}}},
		},
	}
}

func TestContract(t *testing.T) { adaptertest.Run(t, target(t)) }
func FuzzReceipts(f *testing.F) { adaptertest.FuzzReceipts(f, target(f)) }

// The adapter asks for one attempt, whatever the dialler's default is.
func TestOneAttempt(t *testing.T) {
	var got vendorapi.Call
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
	})
	a, err := aicallhttp.Factory().New(config("http://dialler"), adapter.Options{Transport: rt, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a.Send(t.Context(), adapter.Dispatch{ID: id, Address: "+1555", Template: "reminder"})
	if got.Attempts != 1 || got.RingFor != 30 || got.Script != "reminder" {
		t.Errorf("the adapter asks the dialler for %+v, want 1 attempt, 30 s, script reminder", got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
