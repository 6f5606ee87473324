package nemesis

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/lab/nemesis/proxy"
	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// fault is one way to break the house. do begins it, lets it last and heals
// it; it returns when the house has all its parts again.
type fault struct {
	name   string
	weight int
	redis  bool // a Redis loses something: a restart, a death or a promotion
	flush  bool // a Redis is emptied
	do     func(ctx context.Context, h *house, dice *rand.Rand) error
}

// chosen lists the faults whose names contain what the run is limited to.
func (h *house) chosen() ([]fault, error) {
	all := slices.DeleteFunc(h.faults(), func(f fault) bool { return !strings.Contains(f.name, h.o.Only) })
	if len(all) == 0 {
		return nil, touch.Errorf(touch.Invalid, "only", "no fault that applies is called like %q", h.o.Only)
	}
	return all, nil
}

// faults lists what applies to the house.
func (h *house) faults() []fault {
	gateway := func(s *side) *testserver.Process { return s.gateway }
	worker := func(s *side) *testserver.Process { return s.worker }
	feeder := func(s *side) *testserver.Process { return s.feeder }
	vendors := func(h *house, _ *rand.Rand) *proxy.Proxy { return h.toVendor }
	callers := func(h *house, dice *rand.Rand) *proxy.Proxy { return pickSide(h, dice).toUs }
	ledger := func(h *house, dice *rand.Rand) *proxy.Proxy { return pickSide(h, dice).toLedger }
	all := []fault{
		{name: "kill -9 gateway", weight: 12, do: killing(gateway)},
		{name: "freeze gateway", weight: 1, do: freezing(gateway)},
		{name: "rolling restart", weight: 2, do: rolling},
		{name: "clock: ten minutes ahead", weight: 1, do: jumping(10 * time.Minute)},
		{name: "clock: ten minutes back", weight: 1, do: jumping(-10 * time.Minute)},
		{name: "vendors: black hole", weight: 1, do: network(vendors, hole)},
		{name: "vendors: half open", weight: 1, do: network(vendors, halfOpen)},
		{name: "vendors: reset", weight: 1, do: network(vendors, reset)},
		{name: "vendors: gone", weight: 1, do: network(vendors, cut)},
		{name: "callers: reset", weight: 1, do: network(callers, reset)},
		{name: "callers: half open", weight: 1, do: network(callers, halfOpen)},
	}
	if h.redis == nil {
		return append(all, fault{name: "disk: full", weight: 2, do: fullDisk}, fault{name: "disk: slow", weight: 2, do: slowDisk})
	}
	return append(append(all, h.redis.faults()...),
		fault{name: "kill -9 worker", weight: 18, do: killing(worker)},
		fault{name: "kill -9 feeder", weight: 8, do: killing(feeder)},
		fault{name: "kill -9 everything", weight: 3, do: killEverything},
		fault{name: "freeze worker", weight: 2, do: freezing(worker)},
		fault{name: "freeze feeder", weight: 1, do: freezing(feeder)},
		fault{name: "ledger: restart", weight: 1, do: func(_ context.Context, h *house, _ *rand.Rand) error { return h.postgres.Restart() }},
		fault{name: "ledger: crash", weight: 1, do: crashLedger},
		fault{name: "ledger: black hole", weight: 1, do: network(ledger, hole)},
		fault{name: "ledger: reset", weight: 1, do: network(ledger, reset)},
		fault{name: "ledger: slow", weight: 1, do: network(ledger, slow)},
	)
}

// nemesis breaks the house until ctx ends, one fault after the other, with a
// pause between in which it must get up again.
type nemesis struct {
	h       *house
	dice    *rand.Rand
	log     *history
	pause   time.Duration
	done    []check.Fault
	redis   int // restarts, deaths and promotions of Redis
	flushes int
}

// run plays decks of faults: one with each kind once, and then, again and
// again, one in which each kind lies as often as it weighs.
func (n *nemesis) run(ctx context.Context) error {
	all, err := n.h.chosen()
	if err != nil {
		return err
	}
	deck := slices.Clone(all)
	n.shuffle(deck)
	for rest(ctx, n.pause) {
		if len(deck) == 0 {
			for _, f := range all {
				deck = append(deck, slices.Repeat([]fault{f}, f.weight)...)
			}
			n.shuffle(deck)
		}
		f := deck[0]
		deck = deck[1:]
		if err := n.strike(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (n *nemesis) shuffle(deck []fault) {
	n.dice.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
}

// strike makes one fault. One that has begun is healed, also when the run ends
// meanwhile.
func (n *nemesis) strike(ctx context.Context, f fault) error {
	from := n.h.now()
	n.log.add(Line{At: from, Op: "fault", What: f.name})
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
	if f.redis {
		n.redis++
	}
	if f.flush {
		n.flushes++
	}
	return nil
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
