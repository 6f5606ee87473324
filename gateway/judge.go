package gateway

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// forecastTimeout is how long intake waits for the contact log.
const forecastTimeout = time.Second

// judgeMode says which legs are judged.
type judgeMode int

const (
	untilAllowed judgeMode = iota // legs in order, until one is not refused
	everyLeg                      // all legs, whatever their verdicts
)

// judge asks the guard about touches, leg by leg, and fills in their verdicts.
// Facts are read once for the whole batch. All touches that need another leg
// judged share one forecast: so a batch costs as many forecasts as the longest
// plan has legs, and usually one.
func (s *Service) judge(ctx context.Context, touches []*pending, now time.Time, mode judgeMode) error {
	if len(touches) == 0 {
		return nil
	}
	if err := s.loadRecipients(ctx, touches, now); err != nil {
		return err
	}
	open := touches
	for len(open) > 0 {
		// Ask about the next leg that has an address; legs without one are
		// refused here.
		var asked []*pending
		var questions []policies.Question
		for _, p := range open {
			if p.skipUnreachable(now) {
				asked = append(asked, p)
				questions = append(questions, p.question(p.next, now))
			}
		}
		if len(asked) == 0 {
			return nil
		}
		verdicts, err := s.forecast(ctx, questions, mode)
		if err != nil {
			return err
		}
		if len(verdicts) != len(questions) {
			return touch.Errorf(touch.Internal, "", "the guard gave %d verdicts for %d questions", len(verdicts), len(questions))
		}

		// Those whose leg was refused, and that have another, go round again.
		open = nil
		for i, p := range asked {
			if p.record(verdicts[i], mode) {
				open = append(open, p)
			}
		}
	}
	return nil
}

// loadRecipients reads the recipient of every leg of the touches, also of legs
// that will not be judged: one query for all is cheaper than one for each
// round.
func (s *Service) loadRecipients(ctx context.Context, touches []*pending, now time.Time) error {
	targets := make([]lookup.Target, 0, len(touches))
	for _, p := range touches {
		for leg := range p.touch.Plan {
			targets = append(targets, lookup.Target{Touch: &p.touch, Leg: leg})
		}
	}
	recipients, err := lookup.Recipients(ctx, s.ledger.Customers, s.ledger.Listings, targets, now)
	if err != nil {
		return err
	}

	// Cut the result into one piece for each touch, without copying.
	for _, p := range touches {
		legs := len(p.touch.Plan)
		p.recipients = recipients[:legs:legs]
		recipients = recipients[legs:]
	}
	return nil
}

// forecast asks the guard. When the contact log does not answer, intake goes
// on, because a forecast sends nothing: the touch is stored as due, and is
// judged before it is sent, when the log is back. A caller of Check, who only
// wants to know, gets the error.
func (s *Service) forecast(ctx context.Context, questions []policies.Question, mode judgeMode) ([]touch.Verdict, error) {
	withTimeout, cancel := context.WithTimeout(ctx, forecastTimeout)
	defer cancel()
	verdicts, err := s.guard.Forecast(withTimeout, questions)
	isOutage := touch.ClassOf(err) == touch.Unavailable && ctx.Err() == nil
	if !isOutage || mode == everyLeg {
		return verdicts, err
	}

	// Defer until the instant at which the touch is due anyway: so it is not
	// late, but no candidate for the fast path either.
	s.log.LogAttrs(ctx, slog.LevelWarn, "touches accepted without a forecast",
		slog.String("component", "gateway"), slog.Int("touches", len(questions)), slog.Any("error", err))
	verdicts = make([]touch.Verdict, len(questions))
	for i := range questions {
		q := &questions[i]
		verdicts[i] = gatewayVerdict(touch.DecisionDefer, touch.ReasonNotYetJudged, q.Touch.Plan[q.Leg].Channel, q.Now,
			"the contact log does not answer: judged when it does")
		verdicts[i].Until = q.Now
	}
	return verdicts, nil
}

// question asks about a leg at the first instant at which it may be sent.
func (p *pending) question(leg int, now time.Time) policies.Question {
	to := &p.recipients[leg]
	q := policies.Question{
		Touch:    &p.touch,
		Leg:      leg,
		Customer: to.Customer,
		Listings: to.Listings,
		Address:  to.Address,
		Now:      p.earliest(now),
	}
	if t := p.templates[leg]; t != nil {
		q.TemplateObligations = t.Obligations
	}
	return q
}

// record adds the verdict on the next leg, and reports whether another leg is
// to be judged. The first leg that is allowed or deferred is the one to send:
// a deferred push waits for its hour, rather than going out as an SMS now.
func (p *pending) record(v touch.Verdict, mode judgeMode) bool {
	if v.Decision == touch.DecisionDefer && p.touch.Expired(v.Until) {
		refuseAsTooLate(&v)
	}
	p.verdicts = append(p.verdicts, v)
	if p.leg < 0 && (v.Decision == touch.DecisionAllow || v.Decision == touch.DecisionDefer) {
		p.leg = p.next
	}
	p.next++
	return p.next < len(p.touch.Plan) && (mode == everyLeg || p.leg < 0)
}

// due returns when the first leg that is not refused may be sent.
func (p *pending) due(now time.Time) time.Time {
	if v := p.verdicts[p.leg]; v.Decision == touch.DecisionDefer {
		return v.Until
	}
	return p.earliest(now)
}
