package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/lab/nemesis/proxy"
	"touchgate.dev/internal/testserver"
)

// fault is one way to break the system.
type fault struct {
	name       string
	weight     int         // how often it occurs, relative to the others
	redisFails bool        // a Redis restarts, dies or is replaced
	redisFlush bool        // a Redis is emptied
	inject     injectFault // after it, the system is healed
}

// injectFault begins a fault and lets it last.
type injectFault func(ctx context.Context, s *system, random *rand.Rand) error

// faults lists the faults that this system can have.
func (s *system) faults() []fault {
	gateway := func(p *partition) *testserver.Process { return p.gateway }
	vendors := func(s *system, _ *rand.Rand) *proxy.Proxy { return s.toVendors }
	callers := func(s *system, random *rand.Rand) *proxy.Proxy { return randomPartition(s, random).toGateway }
	all := []fault{
		{name: "kill -9 gateway", weight: 12, inject: kill(gateway)},
		{name: "freeze gateway", weight: 1, inject: freeze(gateway)},
		{name: "rolling restart", weight: 2, inject: rollingRestart},
		{name: "clock: ten minutes ahead", weight: 1, inject: jumpClock(10 * time.Minute)},
		{name: "clock: ten minutes back", weight: 1, inject: jumpClock(-10 * time.Minute)},
		{name: "vendors: black hole", weight: 1, inject: disturb(vendors, blackHole)},
		{name: "vendors: half open", weight: 1, inject: disturb(vendors, halfOpen)},
		{name: "vendors: reset", weight: 1, inject: disturb(vendors, reset)},
		{name: "vendors: gone", weight: 1, inject: disturb(vendors, cut)},
		{name: "callers: reset", weight: 1, inject: disturb(callers, reset)},
		{name: "callers: half open", weight: 1, inject: disturb(callers, halfOpen)},
	}
	if s.redis == nil {
		return append(all,
			fault{name: "disk: full", weight: 2, inject: fillDisk},
			fault{name: "disk: slow", weight: 2, inject: slowDisk},
		)
	}
	all = append(all, s.redis.faults()...)
	return append(all, serverFaults()...)
}

// serverFaults lists the faults of a system on servers, Redis apart.
func serverFaults() []fault {
	worker := func(p *partition) *testserver.Process { return p.worker }
	feeder := func(p *partition) *testserver.Process { return p.feeder }
	ledger := func(s *system, random *rand.Rand) *proxy.Proxy { return randomPartition(s, random).toLedger }
	return []fault{
		{name: "kill -9 worker", weight: 18, inject: kill(worker)},
		{name: "kill -9 feeder", weight: 8, inject: kill(feeder)},
		{name: "kill -9 everything", weight: 3, inject: killEverything},
		{name: "freeze worker", weight: 2, inject: freeze(worker)},
		{name: "freeze feeder", weight: 1, inject: freeze(feeder)},
		{name: "ledger: restart", weight: 1, inject: restartLedger},
		{name: "ledger: crash", weight: 1, inject: crashLedger},
		{name: "ledger: black hole", weight: 1, inject: disturb(ledger, blackHole)},
		{name: "ledger: reset", weight: 1, inject: disturb(ledger, reset)},
		{name: "ledger: slow", weight: 1, inject: disturb(ledger, slow)},
	}
}
