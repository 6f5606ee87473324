package gateway

import (
	"context"
	"log/slog"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/touch"
)

// Submit takes up to touch.MaxBatch touches of one caller in. When it returns
// without error, every touch whose answer has no Err is durable. A bad touch
// gets an Err and does not keep the others from being stored. An error of the
// call means that nothing is known to be stored: submit the same again.
func (s *Service) Submit(ctx context.Context, caller string, reqs []touch.Request) ([]Answer, error) {
	if len(reqs) > touch.MaxBatch {
		return nil, touch.Errorf(touch.TooLarge, "touches", "a batch has at most %d touches", touch.MaxBatch)
	}

	// Check each request by itself. What is wrong with one of them is its own
	// answer; only an outage ends the call.
	now := s.now()
	answers := make([]Answer, len(reqs))
	admitted := make([]*pending, 0, len(reqs))
	for i := range reqs {
		p, err := s.prepare(ctx, caller, &reqs[i], now)
		if err != nil && touch.ClassOf(err) != touch.Invalid {
			return nil, err
		}
		answers[i] = Answer{ID: touch.NewID(caller, reqs[i].Key), Key: reqs[i].Key, Leg: -1, Err: err}
		if err == nil {
			p.answer = &answers[i]
			admitted = append(admitted, p)
		}
	}

	if err := s.admit(ctx, admitted); err != nil {
		return nil, err
	}
	s.count(answers, now)
	return answers, s.loadVerdicts(ctx, caller, answers)
}

// admit judges touches, stores and queues them, and completes their answers.
// Concurrent small calls are admitted together, so that they share the reads
// of facts, the forecast and the transaction. A large call is a batch already.
func (s *Service) admit(ctx context.Context, touches []*pending) error {
	if slices.ContainsFunc(touches, (*pending).urgent) {
		defer s.priorityGate.BeginUrgent().End()
	}
	var err error
	switch {
	case len(touches) == 0:
	case len(touches) > touch.MaxBatch/2:
		_, err = s.admitBatch(ctx, touches, []int{len(touches)})
	default:
		_, err = s.admissions.Do(ctx, touches)
	}
	return err
}

// admitBatch admits the touches of several calls; sizes says how many are
// whose. After an error nothing is known to be stored, and it may be called
// again with the same touches.
func (s *Service) admitBatch(ctx context.Context, touches []*pending, sizes []int) ([]struct{}, error) {
	// Refuse what needs no policy, and judge the rest. A touch may be here for
	// the second time, after a batch that failed: so forget the first.
	now := s.now()
	var judged []*pending
	for _, p := range touches {
		p.reset()
		if !s.refuseEarly(p, now) {
			judged = append(judged, p)
		}
	}
	if err := s.judge(ctx, judged, now, untilAllowed); err != nil {
		return nil, err
	}

	// Make the ledger's rows. An urgent touch that is allowed now is a
	// candidate to be sent before it was ever queued; one that is only "not
	// refused", because the contact log does not answer, is not.
	rows := make([]ledger.NewTouch, len(touches))
	var candidates []lookup.Candidate
	for i, p := range touches {
		rows[i] = s.newTouch(p, now)
		if rows[i].Enqueue && p.verdicts[p.leg].Decision == touch.DecisionAllow {
			candidates = append(candidates, lookup.Candidate{Index: i, Recipient: p.recipients[p.leg]})
		}
	}

	accepted, err := s.store(ctx, rows, candidates)
	if err != nil {
		return nil, err
	}
	for i, p := range touches {
		p.answer.complete(&accepted[i])
	}
	return make([]struct{}, len(sizes)), nil
}

// store stores the touches, and queues the urgent ones that are not already
// being sent.
func (s *Service) store(ctx context.Context, rows []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, error) {
	var accepted []ledger.Accepted
	var refs []ledger.SegmentRef
	var err error
	if s.fastPath != nil && len(candidates) > 0 {
		accepted, refs, err = s.fastPath.Accept(ctx, rows, candidates)
	} else {
		accepted, refs, err = s.ledger.Intake.Accept(ctx, rows)
	}
	if err != nil {
		return nil, err
	}

	// The touches are durable now. When the queue does not take their
	// segments, the call still succeeds: the reconciler finds them.
	if len(refs) > 0 && s.enqueue != nil {
		if err := s.enqueue(ctx, refs); err != nil {
			s.metrics.enqueue.Add(float64(len(refs)))
			s.log.LogAttrs(ctx, slog.LevelWarn, "urgent segments left to the reconciler",
				slog.String("component", "gateway"), slog.Any("error", err), slog.Int("segments", len(refs)))
		}
	}
	return accepted, nil
}

// loadVerdicts adds the recorded verdicts to the answer of a single touch that
// was refused earlier, so that a repeat is answered like the first time.
// Batches go without: it would be a read for each touch.
func (s *Service) loadVerdicts(ctx context.Context, caller string, answers []Answer) error {
	if len(answers) != 1 || answers[0].New || !answers[0].Refused() {
		return nil
	}
	view, err := s.ledger.Touches.Get(ctx, caller, answers[0].ID)
	if err != nil {
		return err
	}
	for _, e := range view.Events {
		if e.Verdict != nil {
			answers[0].Verdicts = append(answers[0].Verdicts, *e.Verdict)
		}
	}
	return nil
}
