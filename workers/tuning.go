package workers

import "time"

// Tuning is what an operator may change. A zero field takes the value of
// DefaultTuning.
type Tuning struct {
	// The feeder.
	SegmentSize   int           // touches in one bulk segment
	UrgentSegment int           // touches in one urgent segment
	Window        int           // segments that a lane has open at most
	FeedEvery     time.Duration // pause before an idle lane is looked at again

	// Leases on segments.
	UrgentLease time.Duration
	BulkLease   time.Duration

	// Retries of messages that were surely not sent.
	MaxAttempts int           // on one leg, before the next leg is tried
	RetryBase   time.Duration // before the first retry; doubles, with jitter
	RetryMax    time.Duration

	// Calls to vendors.
	SendWithin time.Duration // a verdict older than this is made again before sending
	CallWithin time.Duration // a call that has begun is over after it

	// Unknown outcomes.
	ResolveBase  time.Duration // before the vendor is first asked; doubles
	ResolveTries int

	// Ends and recovery.
	MaxAge         time.Duration // a touch without expires_at expires at this age
	Unclaimed      time.Duration // a segment that nobody has claimed for so long is queued again
	Horizon        time.Duration // a sent touch without a receipt is unconfirmed after it
	ReconcileEvery time.Duration
	MaxCrashes     int // lost workers after which a touch becomes a dead letter
}

// DefaultTuning suits one node of a few cores.
func DefaultTuning() Tuning {
	return Tuning{
		SegmentSize:    500,
		UrgentSegment:  50,
		Window:         16,
		FeedEvery:      100 * time.Millisecond,
		UrgentLease:    5 * time.Second,
		BulkLease:      time.Minute,
		MaxAttempts:    5,
		RetryBase:      time.Second,
		RetryMax:       10 * time.Minute,
		SendWithin:     5 * time.Second,
		CallWithin:     10 * time.Second,
		ResolveBase:    2 * time.Second,
		ResolveTries:   6,
		MaxAge:         7 * 24 * time.Hour,
		Unclaimed:      3 * time.Second,
		Horizon:        72 * time.Hour,
		ReconcileEvery: time.Second,
		MaxCrashes:     3,
	}
}

func (t Tuning) withDefaults() Tuning {
	d := DefaultTuning()
	useDefault(&t.SegmentSize, d.SegmentSize)
	useDefault(&t.UrgentSegment, d.UrgentSegment)
	useDefault(&t.Window, d.Window)
	useDefault(&t.FeedEvery, d.FeedEvery)
	useDefault(&t.UrgentLease, d.UrgentLease)
	useDefault(&t.BulkLease, d.BulkLease)
	useDefault(&t.MaxAttempts, d.MaxAttempts)
	useDefault(&t.RetryBase, d.RetryBase)
	useDefault(&t.RetryMax, d.RetryMax)
	useDefault(&t.SendWithin, d.SendWithin)
	useDefault(&t.CallWithin, d.CallWithin)
	useDefault(&t.ResolveBase, d.ResolveBase)
	useDefault(&t.ResolveTries, d.ResolveTries)
	useDefault(&t.MaxAge, d.MaxAge)
	useDefault(&t.Unclaimed, d.Unclaimed)
	useDefault(&t.Horizon, d.Horizon)
	useDefault(&t.ReconcileEvery, d.ReconcileEvery)
	useDefault(&t.MaxCrashes, d.MaxCrashes)
	return t
}

// useDefault sets a field that is not positive.
func useDefault[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
