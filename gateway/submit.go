package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/touch"
)

// Answer is what became of one submitted touch.
type Answer struct {
	ID  touch.ID
	Key string
	// New says that it was stored by this call; a repeat of a known touch
	// answers with the state that it has by now.
	New   bool
	State touch.State
	Due   time.Time // when it goes, or is judged again
	Leg   int       // the leg that goes first
	// Reason is the rule that refused it, or made it wait.
	Reason   string
	Verdicts []touch.Verdict // by leg judged; the last one decided
	Err      error           // *touch.Error or touch.Faults; then nothing was stored
}

// Deferred reports whether the touch waits for a later time.
func (a *Answer) Deferred(now time.Time) bool { return a.State == touch.StateDue && a.Due.After(now) }

// Refused reports whether the touch was refused, for good.
func (a *Answer) Refused() bool {
	return a.Err == nil && (a.State == touch.StateRefused || a.State == touch.StateCapped || a.State == touch.StateExpired)
}

// Submit takes up to touch.MaxBatch touches of one caller. When it returns
// without error, every touch whose answer has no Err is durable. One bad touch
// does not spoil the others. An error means that nothing is known to be
// stored: submit the same again.
func (s *Service) Submit(ctx context.Context, caller string, reqs []touch.Request) ([]Answer, error) {
	if len(reqs) > touch.MaxBatch {
		return nil, touch.Errorf(touch.TooLarge, "touches", "a batch has at most %d touches", touch.MaxBatch)
	}
	now := s.now()
	answers := make([]Answer, len(reqs))
	drafts := make([]*draft, 0, len(reqs))
	for i := range reqs {
		d, err := s.draft(ctx, caller, &reqs[i], now)
		if err != nil && touch.ClassOf(err) != touch.Invalid {
			return nil, err
		}
		answers[i] = Answer{ID: touch.NewID(caller, reqs[i].Key), Key: reqs[i].Key, Leg: -1, Err: err}
		if err == nil {
			d.answer = &answers[i]
			drafts = append(drafts, d)
		}
	}
	if err := s.takeIn(ctx, drafts); err != nil {
		return nil, err
	}
	s.count(answers, now)
	return answers, s.recall(ctx, caller, answers)
}

// takeIn judges, stores and queues drafts, and fills in their answers. Small
// calls that come together go together.
func (s *Service) takeIn(ctx context.Context, drafts []*draft) (err error) {
	if slices.ContainsFunc(drafts, func(d *draft) bool { return d.touch.Urgent() }) {
		defer s.priorityGate.BeginUrgent().End()
	}
	switch {
	case len(drafts) == 0:
	case len(drafts) > touch.MaxBatch/2:
		_, err = s.intakeTogether(ctx, drafts, []int{len(drafts)})
	default:
		_, err = s.intake.Do(ctx, drafts)
	}
	return err
}

// intakeTogether is takeIn for the drafts of several calls.
func (s *Service) intakeTogether(ctx context.Context, drafts []*draft, sizes []int) ([]struct{}, error) {
	now := s.now()
	var judged []*draft
	for _, d := range drafts {
		d.verdicts, d.next, d.leg = nil, 0, -1 // it may be a second try
		if !s.refuseUnjudged(d, now) {
			judged = append(judged, d)
		}
	}
	if err := s.judge(ctx, judged, now, false); err != nil {
		return nil, err
	}
	touches := make([]ledger.NewTouch, len(drafts))
	var candidates []lookup.Candidate
	for i, d := range drafts {
		touches[i] = s.decide(d, d.answer, now)
		if touches[i].Enqueue && d.verdicts[d.leg].Decision == touch.DecisionAllow {
			candidates = append(candidates, lookup.Candidate{Index: i, Recipient: d.recipients[d.leg]})
		}
	}
	accepted, err := s.accept(ctx, touches, candidates)
	if err != nil {
		return nil, err
	}
	for i, d := range drafts {
		d.answer.stored(&accepted[i])
	}
	return make([]struct{}, len(sizes)), nil
}

// draft checks a request and pins its templates.
func (s *Service) draft(ctx context.Context, caller string, r *touch.Request, now time.Time) (*draft, error) {
	if faults := s.check.request(r, now, s.maxFuture); len(faults) > 0 {
		return nil, faults
	}
	d := &draft{
		touch:  touch.Touch{ID: touch.NewID(caller, r.Key), Caller: caller, AcceptedAt: now, Request: *r},
		digest: r.Digest(), templates: make([]*ledger.Template, len(r.Plan)), leg: -1,
	}
	if err := s.pin(ctx, d); err != nil {
		// A repeat answers as before, even where its template has changed since.
		if touch.ClassOf(err) == touch.Invalid && s.isRepeat(ctx, d) {
			return d, nil
		}
		return nil, err
	}
	return d, nil
}

// pin finds each leg's template and holds the params against it.
func (s *Service) pin(ctx context.Context, d *draft) error {
	var faults touch.Faults
	for i := range d.touch.Plan {
		leg := &d.touch.Plan[i]
		if leg.Template == "" {
			continue
		}
		path := fmt.Sprintf("plan[%d].", i)
		t, err := s.templates.Latest(ctx, leg.Template)
		if touch.ClassOf(err) == touch.NotFound {
			faults.Add(path+"template", "there is no template %q", leg.Template)
			continue
		}
		if err != nil {
			return err
		}
		err = t.Check(leg.Channel, leg.Params)
		var fault *touch.Error
		switch {
		case errors.As(err, &fault):
			faults.Add(path+fault.Field, "%s", fault.Message)
			continue
		case err != nil:
			return err
		}
		if d.touch.Pins == nil {
			d.touch.Pins = make([]int, len(d.touch.Plan))
		}
		d.touch.Pins[i], d.templates[i] = t.Version, t
	}
	return faults.Err()
}

func (s *Service) isRepeat(ctx context.Context, d *draft) bool {
	known, err := s.ledger.Touches.Get(ctx, d.touch.Caller, d.touch.ID)
	return err == nil && known.Touch.Digest() == d.digest
}

// accept stores the touches, and queues the urgent ones that are not already
// on their way.
func (s *Service) accept(ctx context.Context, touches []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, error) {
	var accepted []ledger.Accepted
	var refs []ledger.SegmentRef
	var err error
	if s.fastPath != nil && len(candidates) > 0 {
		accepted, refs, err = s.fastPath.Accept(ctx, touches, candidates)
	} else {
		accepted, refs, err = s.ledger.Intake.Accept(ctx, touches)
	}
	if err != nil {
		return nil, err
	}
	if len(refs) > 0 && s.enqueue != nil {
		if err := s.enqueue(ctx, refs); err != nil {
			s.metrics.enqueue.Add(float64(len(refs)))
			s.log.LogAttrs(ctx, slog.LevelWarn, "urgent segments are left to the reconciler", slog.Any("error", err), slog.Int("segments", len(refs)))
		}
	}
	return accepted, nil
}

// stored completes the answer with what the ledger made of the touch: a repeat
// answers with the state that the stored touch has by now.
func (a *Answer) stored(got *ledger.Accepted) {
	switch {
	case got.New:
		a.New = true
	case got.Same:
		a.State = got.State
		a.Due = got.Due
		a.Reason = got.Reason
		a.Verdicts = nil
	default:
		*a = Answer{ID: a.ID, Key: a.Key, Leg: -1, Err: touch.Errorf(touch.Conflict, "key", "this key was used for a touch with other content")}
	}
}

// recall fetches the recorded verdicts of a single touch that was refused
// earlier, so that a repeat answers as before. Batches go without.
func (s *Service) recall(ctx context.Context, caller string, answers []Answer) error {
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

func (s *Service) count(answers []Answer, now time.Time) {
	counts := make(map[string]int, 4)
	for i := range answers {
		counts[answers[i].result(now)]++
	}
	for result, n := range counts {
		s.metrics.submitted.WithLabelValues(result).Add(float64(n))
	}
}

// result is the metric's word for an answer.
func (a *Answer) result(now time.Time) string {
	switch {
	case a.Err != nil:
		return string(touch.ClassOf(a.Err))
	case !a.New:
		return "repeated"
	case a.Deferred(now):
		return "deferred"
	case a.State == touch.StateDue:
		return "accepted"
	}
	return string(a.State)
}
