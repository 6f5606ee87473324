package smshttp_test

import (
	"net/http"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	smshttp "touchgate.dev/channels/sms/http"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var id = touch.DispatchID(touch.NewID("c", "k"), 1)

func sign(body []byte) adapter.ReceiptRequest {
	key, err := vendorhttp.ParseKey(secret)
	if err != nil {
		panic(err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	key.Sign(h, "r-1", time.Now(), body)
	return adapter.ReceiptRequest{Method: http.MethodPost, URL: "https://bank.example/v1/receipts/sms", Header: h, Body: body}
}

func target(tb testing.TB) adaptertest.Target {
	sim, err := simulator.New(simulator.Options{Secret: secret})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(sim.Close)
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	return adaptertest.Target{
		Factory: smshttp.Factory(),
		Config: func(url string) any {
			c := smshttp.Factory().Config().(*smshttp.Config)
			c.URL, c.Secret, c.MaxBatch, c.Templates = url+"/sms/", secret, 100, true
			return c
		},
		Good:     sim,
		Messages: sim.Received().Count,
		Secrets:  []string{secret},
		Sign:     sign,
		Faults: []adaptertest.Fault{
			{Name: "503 with Retry-After", Handler: status(http.StatusServiceUnavailable, "12", ""), Want: touch.ResultThrottled, RetryAfter: 12 * time.Second},
			{Name: "503 without Retry-After", Handler: status(http.StatusServiceUnavailable, "", ""), Want: touch.ResultUnknown},
			{Name: "404 without JSON: wrong route", Handler: status(http.StatusNotFound, "", "404 page not found"), Want: touch.ResultMisconfigured},
			{Name: "redirect", Handler: status(http.StatusFound, "", ""), Want: touch.ResultMisconfigured},
			{Name: "opt-out", Handler: status(422, "", `{"status":"rejected","reason":"opt_out","code":"77"}`), Want: touch.ResultRejected, Reason: touch.ReasonOptOut},
			{Name: "500 with status failed", Handler: status(500, "", `{"status":"failed"}`), Want: touch.ResultRetryable},
			{Name: "response for another message", Handler: status(200, "", `{"id":"other","status":"accepted","vendor_id":"v"}`), Want: touch.ResultUnknown},
			{Name: "500 with status accepted", Handler: status(500, "", `{"status":"accepted"}`), Want: touch.ResultUnknown},
		},
		Receipts: []adaptertest.Golden{{
			Name:    "each kind",
			Request: sign([]byte(`[{"id":"` + id + `","vendor_id":"v1","status":"delivered","at":"2026-11-21T09:00:00Z"},{"id":"` + id + `","status":"failed","reason":"bad_target","code":"30005"},{"id":"` + id + `","status":"replied","outcome":"opt_out"},{"id":"` + id + `","status":"read"},{"id":"` + id + `","status":"outcome","outcome":"refused","code":"+8613800000000"}]`)),
			Want: []touch.Receipt{
				{Dispatch: id, VendorID: "v1", Kind: touch.ReceiptDelivered, At: at},
				{Dispatch: id, Kind: touch.ReceiptFailed, Reason: touch.ReasonBadTarget, Code: "30005"},
				{Dispatch: id, Kind: touch.ReceiptReplied, Outcome: touch.OutcomeOptOut},
				{Dispatch: id, Kind: touch.ReceiptRead},
				{Dispatch: id, Kind: touch.ReceiptOutcome, Outcome: touch.OutcomeRefused},
			},
		}},
	}
}

func status(code int, retryAfter, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
		w.Write([]byte(body))
	})
}

func TestContract(t *testing.T) { adaptertest.Run(t, target(t)) }
func FuzzReceipts(f *testing.F) { adaptertest.FuzzReceipts(f, target(f)) }

// While a new secret is rolled out, the vendor may still sign with the previous one.
func TestPreviousSecret(t *testing.T) {
	c := smshttp.Factory().Config().(*smshttp.Config)
	c.URL, c.Secret, c.PreviousSecret = "http://localhost", adapter.Secret(vendorhttp.FormatKey(make([]byte, 24))), secret
	a, err := smshttp.Factory().New(c, adapter.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.(adapter.ReceiptParser).ParseReceipts(sign([]byte(`[]`))); err != nil {
		t.Error(err)
	}
}

// If the configuration disables queries, the adapter must not implement Querier.
func TestQueryDisabled(t *testing.T) {
	c := smshttp.Factory().Config().(*smshttp.Config)
	c.URL, c.Secret, c.Query = "http://localhost", secret, false
	a, err := smshttp.Factory().New(c, adapter.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, can := a.(adapter.Querier); can {
		t.Error("the adapter implements Querier, although its configuration disables queries")
	}
	if _, can := a.(adapter.BatchSender); !can {
		t.Error("the adapter does not implement BatchSender")
	}
}
