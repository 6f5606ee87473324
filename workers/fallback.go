package workers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// Fallback delivers urgent service and transactional touches while Redis is
// gone: no lane carries tasks then, and the contact log does not answer. It
// takes segments from the ledger itself, and judges by a guard whose contact
// log needs the ledger only. One process does so at a time, under a lease.
//
// Redis is gone when no worker sees it. Each that does says so by a lease that
// a standby must have taken from them: a worker cut off by itself leaves the
// work to the others.
type Fallback struct {
	o         Options
	deliverer *Deliverer
	answers   func(context.Context) error
}

const (
	standbyLease = "redis-seen"
	standbyLook  = 500 * time.Millisecond // between looks whether Redis answers
	// standbySeen is how long a worker's word holds that Redis answers, and so
	// how long it must be gone before a standby begins.
	standbySeen = 3 * time.Second
	// standbyTerm is how long one stands by without asking anew. After it the
	// lease is left to run out, so that workers who see Redis can take it.
	standbyTerm  = 10 * time.Second
	standbyPause = time.Second // an unclaimed segment is taken after it
	standbyJobs  = 8           // segments delivered at once
)

// NewFallback makes a standby that delivers as d does, but by guard. answers
// says whether Redis does.
func NewFallback(d *Deliverer, guard Guard, answers func(context.Context) error) *Fallback {
	own := d.o
	own.Guard = serviceOnly{guard}
	return &Fallback{
		o: own, deliverer: &Deliverer{o: own, jitter: d.jitter, templates: d.templates, metrics: d.metrics}, answers: answers,
	}
}

// Run stands by until ctx ends.
func (s *Fallback) Run(ctx context.Context) {
	silent := time.Duration(0)
	for sleep(ctx, standbyLook) {
		if s.reachable(ctx) {
			s.lease(ctx, "redis", standbySeen)
			silent = 0
			continue
		}
		if silent += standbyLook; silent >= standbySeen && s.lease(ctx, s.o.Name, standbyTerm) {
			s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "Redis is gone: urgent service touches are sent from the ledger")
			s.term(ctx)
		}
	}
}

func (s *Fallback) reachable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, standbyLook)
	defer cancel()
	return s.answers(ctx) == nil
}

// lease takes or renews the lease; without the ledger nobody has it.
func (s *Fallback) lease(ctx context.Context, holder string, term time.Duration) bool {
	now := s.o.Now()
	held, err := s.o.Ledger.Leases.Acquire(ctx, standbyLease, holder, now, now.Add(term))
	return err == nil && held
}

// term delivers until Redis answers or the term is over, and gives the lease
// back. A worker of it that outlives the term does no harm: the guard's log is
// void as soon as another takes it up.
func (s *Fallback) term(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, standbyTerm-standbySeen)
	defer cancel()
	for sleep(ctx, s.o.Tuning.FeedEvery) && !s.reachable(ctx) {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "standing by failed", slog.Any("error", err))
		}
	}
	s.lease(context.WithoutCancel(ctx), s.o.Name, 0)
}

// Step delivers what is due in urgent lanes once, and what lies there in
// segments that no worker has.
func (s *Fallback) Step(ctx context.Context) error {
	now := s.o.Now()
	refs, err := s.o.Ledger.Recovery.ReclaimExpired(ctx, now, now.Add(-standbyPause), recoverLimit)
	if err != nil {
		return err
	}
	for _, lane := range Lanes() {
		if !IsUrgent(lane) {
			continue
		}
		ref, _, ok, err := s.o.Ledger.Work.Feed(ctx, lane, now, s.o.Tuning.UrgentSegment)
		if err != nil {
			return err
		}
		if ok {
			refs = append(refs, ref)
		}
	}
	return s.handle(ctx, refs)
}

func (s *Fallback) handle(ctx context.Context, refs []ledger.SegmentRef) error {
	places := make(chan struct{}, standbyJobs)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, ref := range refs {
		if !IsUrgent(ref.Lane) {
			continue // found again by the reconciler
		}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			// What was begun is ended: the term bounds what is begun.
			if err := s.deliverer.Handle(context.WithoutCancel(ctx), ref); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

// serviceOnly lets everything wait that a customer can wait for.
type serviceOnly struct{ Guard }

// Reserve implements Guard.
func (g serviceOnly) Reserve(ctx context.Context, qs []policies.Question) ([]touch.Verdict, error) {
	var asked []policies.Question
	var at []int
	verdicts := make([]touch.Verdict, len(qs))
	for i, q := range qs {
		if c := q.Touch.Category; c == touch.Service || c == touch.Transactional {
			asked, at = append(asked, q), append(at, i)
			continue
		}
		until := q.Now.Add(stopRecheck)
		f := touch.Finding{Rule: "touchgate/contact-log", Kind: "cap", Decision: touch.DecisionDefer, Until: until, Reason: "the contact log does not answer"}
		verdicts[i] = touch.Verdict{Decision: touch.DecisionDefer, Kind: f.Kind, Rule: f.Rule, Until: until, Findings: []touch.Finding{f}}
	}
	if len(asked) == 0 {
		return verdicts, nil
	}
	answers, err := g.Guard.Reserve(ctx, asked)
	if err != nil {
		return nil, err
	}
	for i, v := range answers {
		verdicts[at[i]] = v
	}
	return verdicts, nil
}
