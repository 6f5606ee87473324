package changes_test

import (
	"fmt"
	"testing"
	"time"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// BenchmarkSimulate reads and judges 100,000 recorded touches of 20,000
// customers, under a cap and hours.
func BenchmarkSimulate(b *testing.B) {
	f := gatewaytest.New(b)
	const page = touch.MaxBatch
	for n := 0; n < 100_000; n += page {
		var all []ledger.NewTouch
		for i := n; i < n+page; i++ {
			at := gatewaytest.Noon.Add(-time.Duration(100_000-i) * 20 * time.Second)
			key := fmt.Sprint("k", i)
			r := gatewaytest.SMS(key)
			r.Customer = fmt.Sprint("c", i%20_000)
			t := touch.Touch{ID: touch.NewID("engine", key), Caller: "engine", AcceptedAt: at, Request: r}
			all = append(all, ledger.NewTouch{Touch: t, Digest: r.Digest(), State: touch.StateDue, Due: at, Lane: "sms.bulk",
				Events: []touch.Event{{Kind: touch.EventAccepted, At: at, Touch: t.ID, Caller: "engine"}}})
		}
		if _, _, err := f.Ledger.Intake.Accept(b.Context(), all); err != nil {
			b.Fatal(err)
		}
		views, _, err := f.Ledger.Touches.List(b.Context(), ledger.TouchFilter{After: int64(n), Limit: page})
		if err != nil {
			b.Fatal(err)
		}
		var moves []ledger.Transition
		for i := range views {
			p := &views[i].Progress
			moves = append(moves, ledger.Transition{Seq: p.Seq, Version: p.Version, To: touch.StateDelivered,
				Contact: &ledger.Contact{Channel: touch.SMS, At: views[i].Touch.AcceptedAt, Kind: "delivered"}})
		}
		if err := f.Ledger.Work.ApplyUnclaimed(b.Context(), moves); err != nil {
			b.Fatal(err)
		}
	}
	docs := map[string]string{"p.yaml": "policy: p\nzone: Asia/Shanghai\nrules:\n  - {id: week, cap: {limit: 2, per: 7d}, else: refuse}\n  - {id: hours, hours: {daily: ['09:00-20:00']}}\n"}
	for b.Loop() {
		report, err := f.Changes.Simulate(b.Context(), docs, 30*24*time.Hour, nil)
		if err != nil || report.Total.Legs != 100_000 {
			b.Fatal(report, err)
		}
	}
}
