package workers

import (
	"math/rand/v2"
	"sync"
	"time"

	"log/slog"

	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
)

// services are what delivery calls: the parts of the ledger that it needs, the
// guard, the providers, the clock and its settings. They are safe for
// concurrent use.
type services struct {
	intake    ledger.Intake
	work      ledger.Work
	recovery  ledger.Recovery
	leases    ledger.Leases
	touches   ledger.Touches
	customers ledger.Customers
	listings  ledger.Listings
	templates *lookup.Templates

	guard    Guard
	pool     Pool
	control  Control
	takeSlot func(lane string) Slot // nil: the fast path is off

	priorityGate *priority.Gate
	name         string // of this worker: holds leases
	now          func() time.Time
	jitter       *jitter
	tuning       Tuning
	log          *slog.Logger // names the deliverer as its component
	processLog   *slog.Logger // for a part that names itself
	metrics      *metrics
}

// newServices takes from the options what delivery needs. Steps of bulk wait
// for urgent touches if there is a priority gate.
func newServices(o Options) *services {
	work := o.Ledger.Work
	guard := o.Guard
	if o.PriorityGate != nil {
		work = preemptibleWork{Work: work, gate: o.PriorityGate}
		guard = preemptibleGuard{Guard: guard, gate: o.PriorityGate}
	}
	return &services{
		intake:       o.Ledger.Intake,
		work:         work,
		recovery:     o.Ledger.Recovery,
		leases:       o.Ledger.Leases,
		touches:      o.Ledger.Touches,
		customers:    o.Ledger.Customers,
		listings:     o.Ledger.Listings,
		templates:    lookup.NewTemplates(o.Ledger.Templates, o.Now),
		guard:        guard,
		pool:         o.Pool,
		control:      o.Control,
		takeSlot:     o.TakeSlot,
		priorityGate: o.PriorityGate,
		name:         o.Name,
		now:          o.Now,
		jitter:       &jitter{rand: o.Rand},
		tuning:       o.Tuning.withDefaults(),
		log:          o.Logger.With("component", "deliverer"),
		processLog:   o.Logger,
		metrics:      newMetrics(o.Metrics),
	}
}

// jitter is a random source that is safe for concurrent use.
type jitter struct {
	mu   sync.Mutex
	rand *rand.Rand
}

// upTo returns a uniform duration in (0, d].
func (j *jitter) upTo(d time.Duration) time.Duration {
	if d <= 1 {
		return d
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return time.Duration(j.rand.Int64N(int64(d))) + 1
}

// backoff returns how long to wait before the next attempt. The wait doubles
// from base up to most with each attempt; jitter takes away up to half of it,
// so that touches that failed together do not come back together.
func (s *services) backoff(base, most time.Duration, attempt int) time.Duration {
	wait := most
	if attempt < 20 && base<<attempt < most {
		wait = base << attempt
	}
	return wait/2 + s.jitter.upTo(wait/2)
}
