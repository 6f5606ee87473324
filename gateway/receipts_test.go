package gateway_test

import (
	"errors"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

type parser struct {
	receipts []touch.Receipt
	err      error
}

func (p parser) ParseReceipts(adapter.ReceiptRequest) ([]touch.Receipt, adapter.Ack, error) {
	return p.receipts, adapter.Ack{Status: 200, Body: []byte("OK")}, p.err
}

// withVendor makes p the parser of the callbacks of "acme".
func withVendor(t testing.TB, f *gatewaytest.Fixture, p parser) {
	t.Helper()
	f.Rebuild(t, func(o *gateway.Options) {
		o.Receipts = func(provider string) (adapter.ReceiptParser, bool) { return p, provider == "acme" }
	})
}

func TestReceiptCorrectsContactLog(t *testing.T) {
	f := gatewaytest.New(t)
	id := f.Submit(t, gatewaytest.SMS("a"))[0].ID
	dispatch := f.Send(t, id, "acme", "v-1")
	withVendor(t, f, parser{receipts: []touch.Receipt{{Provider: "somebody-else", VendorID: "v-1", Kind: touch.ReceiptDelivered, At: gatewaytest.Noon}}})
	for range 2 { // a repeat changes nothing
		ack, err := f.Intake.ReceiveCallback(t.Context(), "acme", adapter.ReceiptRequest{})
		if err != nil || string(ack.Body) != "OK" {
			t.Fatalf("ack %+v, %v", ack, err)
		}
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", id)
	if view.Progress.State != touch.StateDelivered {
		t.Errorf("state %s", view.Progress.State)
	}
	if len(f.Guard.Settled()) != 1 {
		t.Fatalf("corrections %+v, want one", f.Guard.Settled())
	}
	c := f.Guard.Settled()[0]
	if c.ID != dispatch || c.Customer != "c1" || c.Kind != contactlog.Delivered || c.Release || !c.At.Equal(gatewaytest.Noon) ||
		c.Entry == nil || c.Entry.ID != dispatch || !c.Entry.At.Equal(gatewaytest.Noon) || c.Entry.Kind != contactlog.Delivered {
		t.Errorf("correction %+v", c)
	}
}

func TestCallbackFaults(t *testing.T) {
	f := gatewaytest.New(t)
	withVendor(t, f, parser{err: touch.Errorf(touch.Unauthenticated, "", "forged")})
	for provider, class := range map[string]touch.ErrorClass{"acme": touch.Unauthenticated, "nobody": touch.NotFound} {
		if _, err := f.Intake.ReceiveCallback(t.Context(), provider, adapter.ReceiptRequest{}); touch.ClassOf(err) != class {
			t.Errorf("%s: %v, want %s", provider, err, class)
		}
	}
}

func TestReceiptWithoutContactLog(t *testing.T) {
	f := gatewaytest.New(t)
	id := f.Submit(t, gatewaytest.SMS("a"))[0].ID
	dispatch := f.Send(t, id, "acme", "")
	f.Guard.Err = touch.Errorf(touch.Unavailable, "", "redis is away")
	if err := f.Intake.Receive(t.Context(), []touch.Receipt{{Dispatch: dispatch, Kind: touch.ReceiptDelivered}}); err != nil {
		t.Fatal(err)
	}
	if view, _ := f.Ledger.Touches.Get(t.Context(), "engine", id); view.Progress.State != touch.StateDelivered {
		t.Errorf("state %s", view.Progress.State)
	}
}

func TestReportedReceiptFaults(t *testing.T) {
	f := gatewaytest.New(t)
	good := touch.DispatchID(touch.NewID("engine", "a"), 0)
	for field, r := range map[string]touch.Receipt{
		"receipts[0].dispatch": {Dispatch: "x", Kind: touch.ReceiptRead},
		"receipts[0].kind":     {Dispatch: good, Kind: "lost"},
		"receipts[0].outcome":  {Dispatch: good, Kind: touch.ReceiptOutcome},
		"receipts[0].at":       {Dispatch: good, Kind: touch.ReceiptRead, At: gatewaytest.Noon.Add(time.Hour)},
	} {
		err := f.Intake.ReceiveFrom(t.Context(), gatewaytest.Engine(), []touch.Receipt{r})
		var faults touch.Faults
		if !errors.As(err, &faults) || faults[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
