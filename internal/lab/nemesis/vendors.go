package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

func vendorNames() []string { return []string{"sms", "fcm", "push", "mail", "dialler"} }

// manners is how a vendor ordinarily is: a few lost, late, early, repeated and
// failed receipts, and calls with every outcome.
func manners(name string) simulator.Behaviour {
	b := simulator.Behaviour{
		Latency: simulator.Latency{Min: touch.Duration(2 * time.Millisecond), Max: touch.Duration(15 * time.Millisecond), Tail: 0.01, TailOf: touch.Duration(400 * time.Millisecond)},
		Receipts: simulator.Receipts{
			Delay: simulator.Latency{Max: touch.Duration(time.Second)}, Lost: 0.1, Duplicated: 0.1, Early: 0.05,
			Failed: 0.05, Late: 0.05, LateBy: touch.Duration(5 * time.Second), ThenDelivered: true,
		},
	}
	switch name {
	case "push":
		never := touch.Duration(0)
		b.Idempotency, b.NoQuery = &never, true
	case "dialler":
		b.Calls = map[string]float64{"answered": 5, "conversation": 2, "no_answer": 2, "busy": 1, "failed": 1}
	}
	return b
}

// misbehave gives one vendor after the other a fault of its own, until ctx ends.
func misbehave(ctx context.Context, h *house, dice *rand.Rand, log *history) error {
	kinds := []simulator.FaultKind{
		simulator.Throttle, simulator.ServerError, simulator.Hang, simulator.Reset, simulator.Reject,
		simulator.AcceptReset, simulator.AcceptError, simulator.AcceptHang, simulator.AcceptGarbage, simulator.Misconfigured,
	}
	for rest(ctx, between(dice, time.Second, 3*time.Second)) {
		name := vendorNames()[dice.IntN(len(vendorNames()))]
		b := manners(name)
		kind := kinds[dice.IntN(len(kinds))]
		b.Faults = []simulator.Fault{{Kind: kind, Share: 0.05 + 0.25*dice.Float64()}}
		if err := h.vendors.Behave(name, b); err != nil {
			return err
		}
		log.add(Line{At: h.now(), Op: "behave", What: name + ": " + string(kind)})
		rest(ctx, between(dice, 500*time.Millisecond, 2*time.Second))
		if err := h.vendors.Behave(name, manners(name)); err != nil {
			return err
		}
	}
	return nil
}
