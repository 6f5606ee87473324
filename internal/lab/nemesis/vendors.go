package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/loop"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

func vendorNames() []string { return []string{"sms", "fcm", "push", "mail", "dialler"} }

// vendorPromises says which vendors and channels of our own treat a repeated
// dispatch id as one message.
func vendorPromises() map[string]check.Vendor {
	promises := map[string]check.Vendor{"push": {}, "fcm": {}}
	for _, name := range []string{"sms", "mail", "dialler", "inbox", "popup", "rm_task"} {
		promises[name] = check.Vendor{Idempotent: true}
	}
	return promises
}

// normalBehaviour is how a vendor behaves when it has no fault: some receipts
// are lost, late, early, repeated or say "failed", and calls have every outcome.
func normalBehaviour(name string) simulator.Behaviour {
	b := simulator.Behaviour{
		Latency: simulator.Latency{
			Min:    touch.Duration(2 * time.Millisecond),
			Max:    touch.Duration(15 * time.Millisecond),
			Tail:   0.01,
			TailOf: touch.Duration(400 * time.Millisecond),
		},
		Receipts: simulator.Receipts{
			Delay:         simulator.Latency{Max: touch.Duration(time.Second)},
			Lost:          0.1,
			Duplicated:    0.1,
			Early:         0.05,
			Failed:        0.05,
			Late:          0.05,
			LateBy:        touch.Duration(5 * time.Second),
			ThenDelivered: true,
		},
	}
	switch name {
	case "push":
		never := touch.Duration(0)
		b.Idempotency = &never
		b.NoQuery = true
	case "dialler":
		b.Calls = map[string]float64{"answered": 5, "conversation": 2, "no_answer": 2, "busy": 1, "failed": 1}
	}
	return b
}

// misbehave gives one vendor after the other a fault, until ctx ends.
func misbehave(ctx context.Context, s *system, random *rand.Rand, log *history) error {
	kinds := []simulator.FaultKind{
		simulator.Throttle, simulator.ServerError, simulator.Hang, simulator.Reset, simulator.Reject,
		simulator.AcceptReset, simulator.AcceptError, simulator.AcceptHang, simulator.AcceptGarbage, simulator.Misconfigured,
	}
	for loop.Sleep(ctx, between(random, time.Second, 3*time.Second)) {
		name := vendorNames()[random.IntN(len(vendorNames()))]
		kind := kinds[random.IntN(len(kinds))]
		b := normalBehaviour(name)
		b.Faults = []simulator.Fault{{Kind: kind, Share: 0.05 + 0.25*random.Float64()}}
		if err := s.vendors.SetBehaviour(name, b); err != nil {
			return err
		}
		log.add(Line{At: s.now(), Op: "behave", What: name + ": " + string(kind)})
		sleepBetween(ctx, random, 500*time.Millisecond, 2*time.Second)
		if err := s.vendors.SetBehaviour(name, normalBehaviour(name)); err != nil {
			return err
		}
	}
	return nil
}
