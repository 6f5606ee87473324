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

// Behaviour is how one provider behaves. The zero value is a well-behaved vendor: it
// accepts every message at once, sends no second message for a repeated id (FCM
// does), and sends a receipt for each message.
type Behaviour struct {
	// Latency is the delay before the provider handles a call.
	Latency Latency `json:"latency,omitzero"`
	// Faults are the faults that calls can have. A call has the first one that
	// applies to it.
	Faults   []Fault  `json:"faults,omitempty"`
	Receipts Receipts `json:"receipts,omitzero"`
	// Calls are the weights of the outcomes of telephone calls: answered,
	// conversation, refused, opt_out, no_answer, busy, abandoned, failed.
	// Empty: every call is answered.
	Calls map[string]float64 `json:"calls,omitempty"`
	// Idempotency is how long the provider recognises a repeated id. 0: never. nil:
	// as its protocol says (vendor API: for ever, FCM: never).
	Idempotency *touch.Duration `json:"idempotency,omitempty"`
	// NoQuery makes the provider answer queries with "unknown".
	NoQuery bool `json:"no_query,omitempty"`
}

// Latency is a random delay, evenly distributed between Min and Max. A share of Tail
// (0 to 1) of the delays is TailOf instead.
type Latency struct {
	Min    touch.Duration `json:"min,omitempty"`
	Max    touch.Duration `json:"max,omitempty"`
	Tail   float64        `json:"tail,omitempty"`
	TailOf touch.Duration `json:"tail_of,omitempty"`
}

// draw returns a random delay.
func (l Latency) draw(r *rand.Rand) time.Duration {
	if l.Tail > 0 && r.Float64() < l.Tail {
		return l.TailOf.Std()
	}
	if l.Max <= l.Min {
		return l.Min.Std()
	}
	return l.Min.Std() + time.Duration(r.Int64N(int64(l.Max-l.Min)))
}

// FaultKind names a kind of fault.
type FaultKind string

// The kinds of faults. If the name begins with "accept", the vendor accepts the
// message before the fault happens.
const (
	Throttle      FaultKind = "throttle"      // 429 with Retry-After
	ServerError   FaultKind = "error"         // 5xx, not accepted
	Reject        FaultKind = "reject"        // rejected permanently, with Reason; drawn per message in a batch
	Misconfigured FaultKind = "misconfigured" // the vendor refuses the account
	Hang          FaultKind = "hang"          // no response, not accepted
	Reset         FaultKind = "reset"         // the connection is reset, not accepted
	AcceptReset   FaultKind = "accept_reset"
	AcceptError   FaultKind = "accept_error"
	AcceptHang    FaultKind = "accept_hang"
	AcceptGarbage FaultKind = "accept_garbage" // 200 with a body that cannot be decoded
)

// Fault is one fault, and when it happens.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Share is the share of calls with the fault, from 0 to 1. 0 means all calls.
	Share float64 `json:"share,omitempty"`
	// First limits the fault to the first calls after the behaviour was set: 3 means
	// the first three. 0: no limit.
	First int64 `json:"first,omitempty"`
	// After is the time from setting the behaviour to the fault's begin. For is how
	// long the fault lasts; 0: without end.
	After touch.Duration `json:"after,omitempty"`
	For   touch.Duration `json:"for,omitempty"`
	// Status is the HTTP status of error and accept_error: 500 by default.
	Status     int            `json:"status,omitempty"`
	RetryAfter touch.Duration `json:"retry_after,omitempty"` // of throttle: 1 s by default
	Reason     string         `json:"reason,omitempty"`      // of reject: bad_target by default
}

// Receipts says which receipts a provider sends, and when. Shares are from 0 to 1.
type Receipts struct {
	Off        bool           `json:"off,omitempty"`
	Delay      Latency        `json:"delay,omitzero"`
	Lost       float64        `json:"lost,omitempty"`       // share that is never sent
	Duplicated float64        `json:"duplicated,omitempty"` // share that is sent twice
	Early      float64        `json:"early,omitempty"`      // share that is sent before the response to the call
	Failed     float64        `json:"failed,omitempty"`     // share with status failed; not for calls
	Late       float64        `json:"late,omitempty"`       // share that is sent LateBy later
	LateBy     touch.Duration `json:"late_by,omitempty"`
	// ThenDelivered sends "delivered" after "failed", as real vendors do.
	ThenDelivered bool `json:"then_delivered,omitempty"`
}

// Validate returns an error of class Invalid if a name is unknown or a number is
// out of range.
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
			return touch.Errorf(touch.Invalid, "calls", "%q is not an outcome of calls, or its weight is below 0", outcome)
		}
	}
	return nil
}

// behaviourHolder stores a provider's current behaviour. Many goroutines may call its
// methods at once: set replaces the behaviour atomically.
type behaviourHolder struct {
	p atomic.Pointer[activeBehaviour]
}

// activeBehaviour is a provider's current behaviour, with what is counted since it was
// set.
type activeBehaviour struct {
	Behaviour
	since    time.Time
	calls    atomic.Int64
	outcomes []string // the keys of Calls, sorted
	total    float64  // the sum of the weights of Calls
}

func (c *behaviourHolder) set(b Behaviour, now time.Time) {
	f := &activeBehaviour{Behaviour: b, since: now, outcomes: slices.Sorted(maps.Keys(b.Calls))}
	for _, w := range b.Calls {
		f.total += w
	}
	c.p.Store(f)
}

func (c *behaviourHolder) get() *activeBehaviour { return c.p.Load() }

// drawFault returns the fault of a call, and whether there is one. If rejects is true
// it considers only the kind Reject, for one message; otherwise all other kinds.
func (f *activeBehaviour) drawFault(r *rand.Rand, now time.Time, rejects bool) (Fault, bool) {
	if len(f.Faults) == 0 {
		return Fault{}, false
	}
	calls := f.calls.Load()
	age := now.Sub(f.since)
	for _, v := range f.Faults {
		switch {
		case (v.Kind == Reject) != rejects:
		case v.First > 0 && calls > v.First:
		case age < v.After.Std(), v.For > 0 && age >= (v.After+v.For).Std():
		case v.Share > 0 && r.Float64() >= v.Share:
		default:
			return v, true
		}
	}
	return Fault{}, false
}

// drawOutcome returns a random outcome of a telephone call, by the weights of Calls.
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

// random returns the source of all random choices for one attempt of one message. It
// depends on nothing but the seed and its arguments, so that a run can be repeated.
func (s *Simulator) random(provider, id string, attempt int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(provider))
	h.Write([]byte{0})
	h.Write([]byte(id))
	return rand.New(rand.NewPCG(s.o.Seed^uint64(attempt)*0x9e3779b97f4a7c15, h.Sum64()))
}
