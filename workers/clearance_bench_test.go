package workers

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// quietControls never change.
type quietControls struct{}

func (quietControls) Version(context.Context) (ledger.ControlVersion, error) {
	return ledger.ControlVersion{}, nil
}

func (quietControls) ReadSince(context.Context, *ledger.Control) (*ledger.Control, error) {
	return &ledger.Control{Version: ledger.ControlVersion{Rules: 1}}, nil
}

// BenchmarkClearance is what each call to a vendor pays: while nothing has
// changed, and while other campaigns are paused and resumed.
func BenchmarkClearance(b *testing.B) {
	watch := ledger.NewControlWatcher(quietControls{})
	if err := watch.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	t := touch.Touch{Caller: "bank", Request: touch.Request{Campaign: "spring", Plan: []touch.Leg{{Channel: touch.SMS}}}}
	jobs := []*job{{claimed: &ledger.ClaimedTouch{Touch: t}}}
	for name, judged := range map[string]*ledger.Control{"unchanged": watch.Current(), "changed": {}} {
		b.Run(name, func(b *testing.B) {
			if err := watch.Refresh(b.Context()); err != nil {
				b.Fatal(err)
			}
			c := &clearance{services: &services{control: watch, now: time.Now}, judged: judged, since: watch.Elapsed() + time.Hour, jobs: jobs}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := c.Confirm(b.Context(), 0, 1); !ok {
					b.Fatal("revoked")
				}
			}
		})
	}
}
