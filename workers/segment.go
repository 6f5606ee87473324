package workers

import (
	"context"
	"errors"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// errRequeue releases a segment that must wait. The reconciler queues it again.
var errRequeue = errors.New("workers: the segment is requeued")

// batch is the work on one claimed segment. Touches go through these stages:
//
//	sort     what is to be done with each touch   segment.go
//	resolve  ask what became of unknown outcomes  resolve.go
//	judge    may it be sent now? reserve          judge.go
//	choose   a provider for each                  send.go
//	intend   record what is about to be sent      send.go
//	dispatch call the providers                   send.go
//	results  the consequence of each answer       result.go
//
// Each stage gives some touches their next step and hands the others on. The
// steps are written by flush, many in one transaction.
type batch struct {
	*services
	steps    steps
	unknowns unknowns
	judge    judge
	results  results

	// waiting says that a touch stays in the segment until the call of a lost
	// worker is surely over.
	waiting bool
}

func newBatch(s *services, segment ledger.SegmentRef) *batch {
	b := &batch{services: s, steps: steps{services: s, segment: segment}}
	b.unknowns = unknowns{&b.steps}
	b.judge = judge{b.unknowns}
	b.results = results{b.unknowns}
	return b
}

// finish takes touches as far as they go now and writes their next steps.
func (b *batch) finish(ctx context.Context, touches []ledger.ClaimedTouch) error {
	jobs := b.sort(touches)
	slices.SortStableFunc(jobs, byPriority)
	return b.conclude(ctx, b.run(ctx, jobs))
}

// conclude writes the pending steps after run, also if run failed with err.
func (b *batch) conclude(ctx context.Context, err error) error {
	// After an error the touches without a step stay in the segment, which is
	// tried again.
	err = errors.Join(err, b.steps.flush(ctx))
	if err == nil && b.waiting {
		return errRequeue
	}
	return err
}

// sort returns the jobs that are to be judged, and gives the other touches
// their next step.
func (b *batch) sort(touches []ledger.ClaimedTouch) []*job {
	jobs := make([]*job, 0, len(touches))
	now := b.now()
	for i := range touches {
		j := newJob(&touches[i], now)
		switch touches[i].Progress.State {
		case touch.StateDue, touch.StateUnknown:
			jobs = append(jobs, j)
		case touch.StateSent:
			if b.steps.receiptOverdue(j) {
				jobs = append(jobs, j)
			}
		default:
			// It came to its end meanwhile, by a receipt or a cancel.
			if j.intentUnrecorded() {
				b.steps.commitLost(j)
			} else {
				b.steps.drop(j)
			}
		}
	}
	return jobs
}

// run judges and sends the jobs. If a kill switch, a pause, a policy or a lost
// shard changes the rules for some of them before they are sent, run starts again
// with those.
func (b *batch) run(ctx context.Context, jobs []*job) error {
	jobs = b.resolve(ctx, jobs)
	for len(jobs) > 0 {
		// The intents of this round are only valid for this view.
		control := b.control.Current()
		allowed, err := b.judge.allowed(ctx, control, jobs)
		if err == nil {
			jobs, err = b.send(ctx, control, allowed)
		}
		if err != nil {
			b.releaseUnsent(jobs)
			return err
		}
	}
	return nil
}

// releaseUnsent makes jobs due again that have an intent and were surely not sent,
// when the segment cannot be finished. A worker that found the intent and no
// result would have to take them for sent.
func (b *batch) releaseUnsent(jobs []*job) {
	at := b.now().Add(b.tuning.RetryBase)
	for _, j := range jobs {
		if j.intended && !j.hasStep {
			b.steps.reschedule(j, at, touch.ReasonLate)
		}
	}
}
