package gateway_test

import (
	"errors"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// send plays the worker: it feeds, claims, intends and settles the touch's
// current leg as sent, and gives its dispatch id.
func (h *house) send(t testing.TB, id touch.ID, provider, vendorID string) string {
	t.Helper()
	ctx := t.Context()
	view, err := h.ledger.Touches.Get(ctx, "", id)
	if err != nil {
		t.Fatal(err)
	}
	p := view.Progress
	ref, _, ok, err := h.ledger.Work.Feed(ctx, p.Lane, h.clock(), 10)
	if err != nil || !ok {
		t.Fatalf("nothing to feed in %s: %v", p.Lane, err)
	}
	seg, err := h.ledger.Work.Claim(ctx, ref, "w", h.clock(), h.clock().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var moves []ledger.Transition
	for _, c := range seg.Touches {
		ch := c.Touch.Plan[c.Progress.Leg].Channel
		moves = append(moves, ledger.Transition{
			Seq: c.Progress.Seq, Version: c.Progress.Version, To: touch.StateSent, Leg: c.Progress.Leg, Attempts: 1,
			Provider: provider, VendorID: vendorID, Contact: &ledger.Contact{Leg: c.Progress.Leg, Channel: ch, At: h.clock(), Kind: touch.ContactAttempt},
			Events: []touch.Event{{Kind: touch.EventSent, At: h.clock(), Touch: c.Touch.ID, Key: c.Touch.Key, Caller: c.Touch.Caller, State: touch.StateSent}},
		})
	}
	if err := h.ledger.Work.Apply(ctx, ref, moves); err != nil {
		t.Fatal(err)
	}
	return touch.DispatchID(id, p.Leg)
}

type parser struct {
	receipts []touch.Receipt
	err      error
}

func (p parser) ParseReceipts(adapter.ReceiptRequest) ([]touch.Receipt, adapter.Ack, error) {
	return p.receipts, adapter.Ack{Status: 200, Body: []byte("OK")}, p.err
}

func withVendor(t testing.TB, h *house, p parser) {
	t.Helper()
	svc, err := gateway.New(gateway.Options{
		Ledger: h.ledger, Guard: h.guard, Now: h.clock, AppSecret: []byte("0123456789abcdef0123456789abcdef"),
		Receipts: func(provider string) (adapter.ReceiptParser, bool) { return p, provider == "acme" },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = svc
}

func TestReceiptsMoveTheTouchAndCorrectTheLog(t *testing.T) {
	h := newHouse(t)
	id := h.submit(t, sms("a"))[0].ID
	dispatch := h.send(t, id, "acme", "v-1")
	withVendor(t, h, parser{receipts: []touch.Receipt{{Provider: "somebody-else", VendorID: "v-1", Kind: touch.ReceiptDelivered, At: noon}}})
	for range 2 { // repetition does not matter
		ack, err := h.Receive(t.Context(), "acme", adapter.ReceiptRequest{})
		if err != nil || string(ack.Body) != "OK" {
			t.Fatalf("ack %+v, %v", ack, err)
		}
	}
	view, _ := h.Touch(t.Context(), "engine", id)
	if view.Progress.State != touch.StateDelivered {
		t.Errorf("state %s", view.Progress.State)
	}
	if len(h.guard.settled) != 1 {
		t.Fatalf("corrections %+v, want one", h.guard.settled)
	}
	c := h.guard.settled[0]
	if c.ID != dispatch || c.Customer != "c1" || c.Kind != contactlog.Delivered || c.Release || !c.At.Equal(noon) ||
		c.Entry == nil || c.Entry.ID != dispatch || !c.Entry.At.Equal(noon) || c.Entry.Kind != contactlog.Delivered {
		t.Errorf("correction %+v", c)
	}
}

func TestForgedAndUnknownCallbacks(t *testing.T) {
	h := newHouse(t)
	withVendor(t, h, parser{err: touch.Errorf(touch.Unauthenticated, "", "forged")})
	for provider, class := range map[string]touch.ErrorClass{"acme": touch.Unauthenticated, "nobody": touch.NotFound} {
		if _, err := h.Receive(t.Context(), provider, adapter.ReceiptRequest{}); touch.ClassOf(err) != class {
			t.Errorf("%s: %v, want %s", provider, err, class)
		}
	}
}

func TestTheLogsOutageDoesNotLoseAReceipt(t *testing.T) {
	h := newHouse(t)
	id := h.submit(t, sms("a"))[0].ID
	dispatch := h.send(t, id, "acme", "")
	h.guard.err = touch.Errorf(touch.Unavailable, "", "redis is away")
	if err := h.Record(t.Context(), []touch.Receipt{{Dispatch: dispatch, Kind: touch.ReceiptDelivered}}); err != nil {
		t.Fatal(err)
	}
	if view, _ := h.Touch(t.Context(), "engine", id); view.Progress.State != touch.StateDelivered {
		t.Errorf("state %s", view.Progress.State)
	}
}

func TestReportIsChecked(t *testing.T) {
	h := newHouse(t)
	good := touch.DispatchID(touch.NewID("engine", "a"), 0)
	for field, r := range map[string]touch.Receipt{
		"receipts[0].dispatch": {Dispatch: "x", Kind: touch.ReceiptRead},
		"receipts[0].kind":     {Dispatch: good, Kind: "lost"},
		"receipts[0].outcome":  {Dispatch: good, Kind: touch.ReceiptOutcome},
		"receipts[0].at":       {Dispatch: good, Kind: touch.ReceiptRead, At: noon.Add(time.Hour)},
	} {
		err := h.Report(t.Context(), engine, []touch.Receipt{r})
		var f touch.Faults
		if !errors.As(err, &f) || f[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
