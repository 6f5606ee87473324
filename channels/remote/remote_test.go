package remote_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/adaptertest"
	"touchgate.dev/channels/remote"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func sign(body []byte) adapter.ReceiptRequest {
	key, err := vendorhttp.ParseKey(secret)
	if err != nil {
		panic(err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	key.Sign(h, "r-1", time.Now(), body)
	return adapter.ReceiptRequest{Method: http.MethodPost, Header: h, Body: body}
}

func target(tb testing.TB) adaptertest.Target {
	sim, err := simulator.New(simulator.Options{Secret: secret})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(sim.Close)
	id := touch.DispatchID(touch.NewID("c", "k"), 7)
	return adaptertest.Target{
		Factory: remote.Factory(),
		Channel: touch.Push,
		Config: func(url string) any {
			c := remote.Factory().Config().(*remote.Config)
			c.URL, c.Secret, c.MaxBatch, c.ByCustomer = url+"/own", secret, 50, true
			return c
		},
		Good:     sim,
		Messages: sim.Received().Count,
		Secrets:  []string{secret},
		Sign:     sign,
		Receipts: []adaptertest.Golden{{
			Name:    "delivered",
			Request: sign([]byte(`[{"id":"` + id + `","status":"delivered"}]`)),
			Want:    []touch.Receipt{{Dispatch: id, Kind: touch.ReceiptDelivered}},
		}},
	}
}

func TestContract(t *testing.T) { adaptertest.Run(t, target(t)) }
func FuzzReceipts(f *testing.F) { adaptertest.FuzzReceipts(f, target(f)) }

// A vendor in a process of its own is proven through its address alone.
func TestByAddress(t *testing.T) {
	s, err := simulator.Start("", simulator.Options{Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	to, err := url.Parse(s.URL("own"))
	if err != nil {
		t.Fatal(err)
	}
	verify := func() error {
		return adaptertest.Check(t.Context(), adaptertest.Target{
			Factory: remote.Factory(), Channel: touch.SMS, Good: adaptertest.Forward(to), Secrets: []string{secret},
			Config: func(url string) any {
				c := remote.Factory().Config().(*remote.Config)
				c.URL, c.Secret, c.MaxBatch = url, secret, 10
				return c
			},
		})
	}
	if err := verify(); err != nil {
		t.Error(err)
	}
	var none touch.Duration
	if err := s.SetBehaviour("own", simulator.Behaviour{Idempotency: &none}); err != nil {
		t.Fatal(err)
	}
	if err := verify(); err == nil {
		t.Error("a vendor that sends twice is passed as idempotent")
	}
}
