package operations_test

import (
	"testing"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/gateway/operations"
	"touchgate.dev/touch"
)

func TestKillSwitch(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	wrong := operations.KillSwitchOrder{Channel: "pigeon"}
	if _, err := f.Operations.PutKillSwitch(ctx, gatewaytest.Engine(), "s", wrong); gatewaytest.FirstField(t, err) != "channel" {
		t.Errorf("got %v", err)
	}
	order := operations.KillSwitchOrder{Channel: touch.SMS, Owner: "duty officer", Reason: "wrong text"}
	if _, err := f.Operations.PutKillSwitch(ctx, gatewaytest.Engine(), "s", order); err != nil {
		t.Fatal(err)
	}
	stops, err := f.Operations.KillSwitches(ctx)
	if err != nil || len(stops) != 1 || stops[0].Owner != "duty officer" {
		t.Fatalf("%+v, %v", stops, err)
	}
	if err := f.Ledger.Controls.EndKillSwitch(ctx, "s", "k1", f.Now()); err != nil {
		t.Fatal(err)
	}
	if stops, _ := f.Operations.KillSwitches(ctx); len(stops) != 0 {
		t.Errorf("ended and still there: %+v", stops)
	}
}
