package nemesis

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"touchgate.dev/channels/simulator"
	"touchgate.dev/cmd/touchgate/internal/nemesis/check"
	"touchgate.dev/cmd/touchgate/internal/nemesis/process"
	"touchgate.dev/cmd/touchgate/internal/nemesis/proxy"
	"touchgate.dev/touch"
)

// fault is one way to break the house. do begins it, lets it last and heals
// it; it returns when the house has all its parts again.
type fault struct {
	name   string
	weight int
	do     func(ctx context.Context, h *house, dice *rand.Rand) error
}

// faults lists what applies to the house.
func faults(servers bool) []fault {
	all := []fault{
		{"kill -9 gateway", 10, killing(func(s *side) *process.Process { return s.gateway })},
		{"freeze gateway", 2, freezing(func(s *side) *process.Process { return s.gateway })},
		{"vendors: black hole", 2, network(func(h *house, _ *side) *proxy.Proxy { return h.toVendor }, hole)},
		{"vendors: half open", 2, network(func(h *house, _ *side) *proxy.Proxy { return h.toVendor }, halfOpen)},
		{"vendors: reset", 2, network(func(h *house, _ *side) *proxy.Proxy { return h.toVendor }, reset)},
		{"vendors: gone", 2, network(func(h *house, _ *side) *proxy.Proxy { return h.toVendor }, cut)},
		{"callers: reset", 2, network(func(_ *house, s *side) *proxy.Proxy { return s.toUs }, reset)},
		{"callers: half open", 1, network(func(_ *house, s *side) *proxy.Proxy { return s.toUs }, halfOpen)},
	}
	if !servers {
		return all
	}
	redis := func(_ *house, s *side) *proxy.Proxy { return s.toRedis }
	ledger := func(_ *house, s *side) *proxy.Proxy { return s.toLedger }
	return append(all,
		fault{"kill -9 worker", 16, killing(func(s *side) *process.Process { return s.worker })},
		fault{"kill -9 feeder", 8, killing(func(s *side) *process.Process { return s.feeder })},
		fault{"kill -9 everything", 3, killEverything},
		fault{"freeze worker", 4, freezing(func(s *side) *process.Process { return s.worker })},
		fault{"freeze feeder", 1, freezing(func(s *side) *process.Process { return s.feeder })},
		fault{"redis: FLUSHALL", 3, flush},
		fault{"redis: restart", 3, restartRedis},
		fault{"redis: promotion, split brain", 4, promote},
		fault{"redis: black hole", 1, network(redis, hole)},
		fault{"redis: half open", 1, network(redis, halfOpen)},
		fault{"redis: slow", 1, network(redis, slow)},
		fault{"ledger: restart", 1, func(_ context.Context, h *house, _ *rand.Rand) error { return h.postgres.Restart() }},
		fault{"ledger: crash", 1, crashLedger},
		fault{"ledger: black hole", 1, network(ledger, hole)},
		fault{"ledger: reset", 1, network(ledger, reset)},
		fault{"ledger: slow", 1, network(ledger, slow)},
	)
}

// nemesis breaks the house until ctx ends, one fault after the other, with a
// pause between in which it must get up again.
type nemesis struct {
	h     *house
	dice  *rand.Rand
	log   *history
	pause time.Duration
	done  []check.Fault
}

func (n *nemesis) run(ctx context.Context) error {
	all := faults(n.h.o.Servers)
	deck := slices.Clone(all)
	n.dice.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for i := 0; rest(ctx, n.pause); i++ {
		f := n.pick(all)
		if i < len(deck) {
			f = deck[i] // each kind once, then by weight
		}
		from := n.h.now()
		n.log.add(Line{At: from, Op: "fault", What: f.name})
		// A fault that has begun is healed, also when the run ends meanwhile.
		err := f.do(context.WithoutCancel(ctx), n.h, n.dice)
		if healing := n.h.heal(); err == nil {
			err = healing
		}
		to := n.h.now()
		l := Line{At: to, Op: "heal", What: f.name}
		if err != nil {
			l.Error = err.Error()
		}
		n.log.add(l)
		if err != nil {
			return touch.Errorf(touch.Internal, "", "the fault %q could not be healed: %w", f.name, err)
		}
		n.done = append(n.done, check.Fault{Kind: f.name, From: from, To: to})
	}
	return nil
}

func (n *nemesis) pick(all []fault) fault {
	total := 0
	for _, f := range all {
		total += f.weight
	}
	roll := n.dice.IntN(total)
	for _, f := range all {
		if roll -= f.weight; roll < 0 {
			return f
		}
	}
	return all[0]
}

// rest waits and reports whether ctx still lives.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func between(dice *rand.Rand, min, max time.Duration) time.Duration {
	return min + time.Duration(dice.Int64N(int64(max-min)))
}

func pickSide(h *house, dice *rand.Rand) *side { return h.sides[dice.IntN(len(h.sides))] }

func killing(who func(*side) *process.Process) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := who(pickSide(h, dice))
		p.Kill()
		rest(ctx, between(dice, 0, 700*time.Millisecond))
		return p.Start(startWithin)
	}
}

func killEverything(ctx context.Context, h *house, dice *rand.Rand) error {
	for _, p := range h.procs {
		p.Kill()
	}
	rest(ctx, between(dice, 0, 500*time.Millisecond))
	return nil // heal starts them
}

// freezing stands a process still for longer than an urgent lease.
func freezing(who func(*side) *process.Process) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := who(pickSide(h, dice))
		p.Freeze()
		rest(ctx, between(dice, 6*time.Second, 9*time.Second))
		p.Thaw()
		return nil
	}
}

func flush(ctx context.Context, h *house, _ *rand.Rand) error { return h.redis[h.master].Forget(ctx) }

// restartRedis loses everything that Redis had, after a time without one.
func restartRedis(ctx context.Context, h *house, dice *rand.Rand) error {
	for _, r := range h.redis {
		r.Kill()
	}
	rest(ctx, between(dice, 500*time.Millisecond, 3*time.Second))
	for _, r := range h.redis {
		if err := r.Start(startWithin); err != nil {
			return err
		}
	}
	h.master = 0
	h.retarget()
	return h.follow(ctx)
}

func (h *house) retarget() {
	for _, s := range h.sides {
		s.toRedis.Retarget("unix", h.redis[h.master].Socket)
		s.toRedis.Reset()
	}
}

func (h *house) follow(ctx context.Context) error {
	copy, master := h.redis[1-h.master], h.redis[h.master]
	if err := copy.Follow(ctx, "127.0.0.1", master.Port); err != nil {
		return touch.Errorf(touch.Unavailable, "", "the copy does not follow: %w", err)
	}
	return copy.InSync(ctx, startWithin)
}

// promote makes the copy a master that knows nothing of the last second or so,
// while one side of the house goes on with the old one.
func promote(ctx context.Context, h *house, dice *rand.Rand) error {
	copy := h.redis[1-h.master]
	if err := copy.Lead(ctx); err != nil { // from here on they part
		return touch.Errorf(touch.Unavailable, "", "no promotion: %w", err)
	}
	rest(ctx, between(dice, 200*time.Millisecond, time.Second))
	first := dice.IntN(len(h.sides))
	h.sides[first].toRedis.Retarget("unix", copy.Socket)
	h.sides[first].toRedis.Reset()
	rest(ctx, between(dice, 500*time.Millisecond, 4*time.Second)) // the split brain
	h.master = 1 - h.master
	h.retarget()
	return h.follow(ctx)
}

func crashLedger(ctx context.Context, h *house, dice *rand.Rand) error {
	if err := h.postgres.Crash(); err != nil {
		return err
	}
	rest(ctx, between(dice, 0, 2*time.Second))
	return h.postgres.Start(startWithin)
}

// network is a fault of the wires, which lasts a while.
func network(which func(*house, *side) *proxy.Proxy, what func(*proxy.Proxy, *rand.Rand)) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := which(h, pickSide(h, dice))
		what(p, dice)
		rest(ctx, between(dice, 500*time.Millisecond, 4*time.Second))
		return p.Heal()
	}
}

func hole(p *proxy.Proxy, _ *rand.Rand)  { p.Hold(proxy.Both) }
func reset(p *proxy.Proxy, _ *rand.Rand) { p.Reset() }
func cut(p *proxy.Proxy, _ *rand.Rand)   { p.Cut() }

func halfOpen(p *proxy.Proxy, dice *rand.Rand) {
	p.Hold([]proxy.Direction{proxy.Up, proxy.Down}[dice.IntN(2)])
}

func slow(p *proxy.Proxy, _ *rand.Rand) {
	p.Delay(proxy.Both, 30*time.Millisecond, 100*time.Millisecond)
}

func vendorNames() []string { return []string{"sms", "push", "inbox", "dialler"} }

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
		name := vendorNames()[dice.IntN(4)]
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
