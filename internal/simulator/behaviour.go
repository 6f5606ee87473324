package simulator

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"touchgate.dev/touch"
)

// Behaviour is how one provider acts. The zero value is a good vendor: it
// takes everything at once, treats a repeated id as one message (FCM does
// not), and sends a receipt for each.
type Behaviour struct {
	Latency Latency `json:"latency,omitzero"`
	// Faults are tried in order; the first that applies to a call happens.
	Faults   []Fault  `json:"faults,omitempty"`
	Receipts Receipts `json:"receipts,omitzero"`
	// Calls is the mix of what comes of calls, as weights: answered,
	// conversation, refused, opt_out, no_answer, busy, abandoned, failed.
	// Empty: every call is answered.
	Calls map[string]float64 `json:"calls,omitempty"`
	// Idempotency is how long a repeated id is one message; nil is the
	// provider's nature (our contract: for ever, FCM: not at all), 0 is never.
	Idempotency *touch.Duration `json:"idempotency,omitempty"`
	// NoQuery makes the provider unable to say what became of a message.
	NoQuery bool `json:"no_query,omitempty"`
}

// Latency is a delay drawn evenly between Min and Max; a Tail share of them
// takes TailOf instead.
type Latency struct {
	Min    touch.Duration `json:"min,omitempty"`
	Max    touch.Duration `json:"max,omitempty"`
	Tail   float64        `json:"tail,omitempty"`
	TailOf touch.Duration `json:"tail_of,omitempty"`
}

func (l Latency) draw(r *rand.Rand) time.Duration {
	if l.Tail > 0 && r.Float64() < l.Tail {
		return l.TailOf.Std()
	}
	if l.Max <= l.Min {
		return l.Min.Std()
	}
	return l.Min.Std() + time.Duration(r.Int64N(int64(l.Max-l.Min)))
}

// FaultKind names a misbehaviour.
type FaultKind string

// The kinds of faults. Those that begin with "accept" take the message first.
const (
	Throttle      FaultKind = "throttle"      // 429 with Retry-After
	ServerError   FaultKind = "error"         // 5xx, not taken
	Reject        FaultKind = "reject"        // never, because of Reason; in a batch, message by message
	Misconfigured FaultKind = "misconfigured" // the account is refused
	Hang          FaultKind = "hang"          // no answer, not taken
	Reset         FaultKind = "reset"         // the connection is reset, not taken
	AcceptReset   FaultKind = "accept_reset"
	AcceptError   FaultKind = "accept_error"
	AcceptHang    FaultKind = "accept_hang"
	AcceptGarbage FaultKind = "accept_garbage" // 200 with an answer that can't be read
)

// Fault is one misbehaviour and when it happens.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Share is the part of calls that it hits; 0 is all of them.
	Share float64 `json:"share,omitempty"`
	// First hits only the first so many calls since the behaviour was set.
	First int64 `json:"first,omitempty"`
	// After and For bound it in time since the behaviour was set; For 0 is without end.
	After touch.Duration `json:"after,omitempty"`
	For   touch.Duration `json:"for,omitempty"`
	// Status is the HTTP status of error and accept_error: 500 by default.
	Status     int            `json:"status,omitempty"`
	RetryAfter touch.Duration `json:"retry_after,omitempty"` // of throttle: 1 s by default
	Reason     string         `json:"reason,omitempty"`      // of reject: bad_target by default
}

// Receipts is how a provider reports later.
type Receipts struct {
	Off        bool           `json:"off,omitempty"`
	Delay      Latency        `json:"delay,omitzero"`
	Lost       float64        `json:"lost,omitempty"`       // share that is never sent
	Duplicated float64        `json:"duplicated,omitempty"` // share that is sent twice
	Early      float64        `json:"early,omitempty"`      // share that comes before the answer to the call
	Failed     float64        `json:"failed,omitempty"`     // share that says failed; not for calls
	Late       float64        `json:"late,omitempty"`       // share that takes LateBy more
	LateBy     touch.Duration `json:"late_by,omitempty"`
	// ThenDelivered lets a "failed" be followed by "delivered", as real vendors do.
	ThenDelivered bool `json:"then_delivered,omitempty"`
}

// Validate reports whether every word and number makes sense; class Invalid.
func (b Behaviour) Validate() error {
	kinds := []FaultKind{Throttle, ServerError, Reject, Misconfigured, Hang, Reset, AcceptReset, AcceptError, AcceptHang, AcceptGarbage}
	for _, f := range b.Faults {
		if !slices.Contains(kinds, f.Kind) {
			return touch.Errorf(touch.Invalid, "faults", "there is no fault %q", f.Kind)
		}
		if f.Share < 0 || f.Share > 1 || f.First < 0 || (f.Status != 0 && (f.Status < 500 || f.Status > 599)) {
			return touch.Errorf(touch.Invalid, "faults", "a share is from 0 to 1, first at least 0 and a status from 500 to 599")
		}
	}
	for _, share := range []float64{b.Receipts.Lost, b.Receipts.Duplicated, b.Receipts.Early, b.Receipts.Failed, b.Receipts.Late, b.Latency.Tail} {
		if share < 0 || share > 1 {
			return touch.Errorf(touch.Invalid, "receipts", "a share is from 0 to 1")
		}
	}
	for outcome, weight := range b.Calls {
		if _, ok := callOutcomes[outcome]; !ok || weight < 0 {
			return touch.Errorf(touch.Invalid, "calls", "%q is no outcome, or its weight is below 0", outcome)
		}
	}
	return nil
}

// behaviourHolder holds the behaviour in force, read without a lock.
type behaviourHolder struct {
	p atomic.Pointer[activeBehaviour]
}

type activeBehaviour struct {
	Behaviour
	since    time.Time
	calls    atomic.Int64
	outcomes []string // of Calls, in a fixed order
	total    float64
}

func (c *behaviourHolder) set(b Behaviour, now time.Time) {
	f := &activeBehaviour{Behaviour: b, since: now, outcomes: slices.Sorted(maps.Keys(b.Calls))}
	for _, w := range b.Calls {
		f.total += w
	}
	c.p.Store(f)
}

func (c *behaviourHolder) get() *activeBehaviour { return c.p.Load() }

// drawFault picks what happens to a call; rejections are picked message by message.
func (f *activeBehaviour) drawFault(r *rand.Rand, now time.Time, rejects bool) (Fault, bool) {
	if len(f.Faults) == 0 {
		return Fault{}, false
	}
	n, age := f.calls.Load(), now.Sub(f.since)
	for _, v := range f.Faults {
		switch {
		case (v.Kind == Reject) != rejects:
		case v.First > 0 && n > v.First:
		case age < v.After.Std(), v.For > 0 && age >= (v.After+v.For).Std():
		case v.Share > 0 && r.Float64() >= v.Share:
		default:
			return v, true
		}
	}
	return Fault{}, false
}

func (f *activeBehaviour) drawOutcome(r *rand.Rand) string {
	if f.total <= 0 {
		return "answered"
	}
	n := r.Float64() * f.total
	for _, o := range f.outcomes {
		if n -= f.Calls[o]; n < 0 {
			return o
		}
	}
	return f.outcomes[len(f.outcomes)-1]
}

// random are the chances of one message at one try.
func (s *Simulator) random(provider, id string, try int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(provider))
	h.Write([]byte{0})
	h.Write([]byte(id))
	return rand.New(rand.NewPCG(s.o.Seed^uint64(try)*0x9e3779b97f4a7c15, h.Sum64()))
}
