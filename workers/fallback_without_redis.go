package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

const (
	// fallbackLease is renewed by workers that reach Redis, and taken by the
	// fallback.
	fallbackLease = "redis-seen"
	// fallbackLook is the pause between two checks of Redis.
	fallbackLook = 500 * time.Millisecond
	// fallbackDelay is how long Redis must be down for all workers before a
	// fallback starts.
	fallbackDelay = 3 * time.Second
	// fallbackTerm is how long a fallback works before the lease is free again,
	// so that workers which reach Redis can take it.
	fallbackTerm = 10 * time.Second
	// fallbackUnclaimed is how long a segment must be unclaimed before the
	// fallback takes it.
	fallbackUnclaimed = time.Second
	fallbackParallel  = 8 // segments delivered at once
)

// Fallback delivers urgent service and transactional touches while Redis is
// down. Then the queue carries no tasks and the contact log does not answer. The
// fallback takes segments from the ledger itself, and judges with a guard whose
// contact log lives in memory and is loaded from the ledger.
//
// Redis counts as down only if no worker reaches it. Workers that do keep
// renewing the lease "redis-seen", and a fallback must take that lease before it
// starts. So a worker that only lost its own connection leaves the work to the
// others, and one process at a time runs a fallback.
type Fallback struct {
	*services
	deliverer *Deliverer
	pingRedis func(context.Context) error
}

// NewFallback makes a fallback that delivers as d does, but judges with guard.
// pingRedis returns an error if Redis does not answer.
func NewFallback(d *Deliverer, guard Guard, pingRedis func(context.Context) error) *Fallback {
	s := *d.services
	s.guard = serviceOnly{guard}
	return &Fallback{services: &s, deliverer: &Deliverer{services: &s}, pingRedis: pingRedis}
}

// Run watches Redis and delivers while it is down, until ctx ends.
func (f *Fallback) Run(ctx context.Context) {
	down := time.Duration(0)
	look := func(ctx context.Context) error {
		if f.redisAnswers(ctx) {
			f.lease(ctx, "redis", fallbackDelay)
			down = 0
			return nil
		}
		down += fallbackLook
		if down >= fallbackDelay && f.lease(ctx, f.name, fallbackTerm) {
			f.processLog.LogAttrs(ctx, slog.LevelWarn, "Redis is down: urgent service touches are sent from the ledger",
				slog.String("component", "fallback"))
			f.runTerm(ctx)
		}
		return nil
	}
	loop.Every(ctx, fallbackLook, look, logStepError(ctx, f.processLog, "fallback"))
}

func (f *Fallback) redisAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, fallbackLook)
	defer cancel()
	return f.pingRedis(ctx) == nil
}

// lease takes or renews the lease and reports whether the holder has it. If the
// ledger does not answer nobody has it.
func (f *Fallback) lease(ctx context.Context, holder string, term time.Duration) bool {
	now := f.now()
	held, err := f.leases.Acquire(ctx, fallbackLease, holder, now, now.Add(term))
	return err == nil && held
}

// runTerm delivers until Redis answers or the term is over, and then frees the
// lease. A delivery that goes on after the term does no harm: another fallback
// acquires the shards of the contact log, which voids this one's reservations.
func (f *Fallback) runTerm(ctx context.Context) {
	term, cancel := context.WithTimeout(ctx, fallbackTerm-fallbackDelay)
	defer cancel()
	logError := logStepError(term, f.processLog, "fallback")
	_ = loop.Until(term, f.tuning.FeedEvery, func(ctx context.Context) (done bool, err error) {
		if f.redisAnswers(ctx) {
			return true, nil
		}
		if err := f.Step(ctx); err != nil && ctx.Err() == nil {
			logError(err)
		}
		return false, nil
	})
	f.lease(context.WithoutCancel(ctx), f.name, 0)
}

// Step delivers, once, what is due in urgent lanes and what lies there in
// segments that no worker has claimed.
func (f *Fallback) Step(ctx context.Context) error {
	now := f.now()
	refs, err := f.recovery.ReclaimExpired(ctx, now, now.Add(-fallbackUnclaimed), recoverLimit)
	if err != nil {
		return err
	}
	for _, lane := range Lanes() {
		if !IsUrgent(lane) {
			continue
		}
		ref, _, ok, err := f.work.Feed(ctx, lane, now, f.tuning.UrgentSegment)
		if err != nil {
			return err
		}
		if ok {
			refs = append(refs, ref)
		}
	}
	return f.deliver(ctx, refs)
}

// deliver works on the urgent segments, several at once, and returns the last
// error. The reconciler finds the bulk segments again.
func (f *Fallback) deliver(ctx context.Context, refs []ledger.SegmentRef) error {
	// The end of the term stops nothing that has begun: messages may be out.
	work := context.WithoutCancel(ctx)

	free := make(chan struct{}, fallbackParallel)
	var running sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, ref := range refs {
		if !IsUrgent(ref.Lane) {
			continue
		}
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			if err := f.deliverer.Handle(work, ref); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return failed
}

// serviceOnly is a guard that defers every touch a customer can wait for.
type serviceOnly struct{ Guard }

// Reserve implements Guard.
func (g serviceOnly) Reserve(ctx context.Context, questions []policies.Question) ([]touch.Verdict, error) {
	verdicts := make([]touch.Verdict, len(questions))
	var toJudge []policies.Question
	var indexes []int // in verdicts, of the questions to judge
	for i, q := range questions {
		if c := q.Touch.Category; c == touch.Service || c == touch.Transactional {
			toJudge = append(toJudge, q)
			indexes = append(indexes, i)
			continue
		}
		verdicts[i] = deferredWithoutLog(q.Now.Add(stopRecheck))
	}
	if len(toJudge) == 0 {
		return verdicts, nil
	}

	judged, err := g.Guard.Reserve(ctx, toJudge)
	if err != nil {
		return nil, err
	}
	for i, v := range judged {
		verdicts[indexes[i]] = v
	}
	return verdicts, nil
}

// deferredWithoutLog is the verdict on a touch that waits for the contact log.
func deferredWithoutLog(until time.Time) touch.Verdict {
	f := touch.Finding{
		Rule:     "touchgate/contact-log",
		Kind:     "cap",
		Decision: touch.DecisionDefer,
		Until:    until,
		Reason:   "the contact log does not answer",
	}
	return touch.Verdict{Decision: f.Decision, Kind: f.Kind, Rule: f.Rule, Until: until, Findings: []touch.Finding{f}}
}
