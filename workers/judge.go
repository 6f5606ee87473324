package workers

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

const (
	// stopRecheck is about how long a touch that may have been sent waits under a
	// kill switch before it is looked at again.
	stopRecheck = 2 * time.Second
	// contactLogRecheck is how long a touch waits when the contact log does not
	// answer.
	contactLogRecheck = 2 * time.Second
)

// judge decides which touches may be sent now. A touch that may not gets its
// next step: later, the next leg, or an end.
type judge struct{ unknowns }

// allowed returns the jobs that may be sent now; those that were not sent
// before then hold a reservation in the contact log. All are judged against the
// same view of kill switches and campaigns.
func (g judge) allowed(ctx context.Context, control *ledger.Control, jobs []*job) ([]*job, error) {
	if err := g.loadRecipients(ctx, jobs); err != nil {
		return nil, err
	}
	candidates, questions, err := g.questions(ctx, control, jobs)
	if err != nil || len(candidates) == 0 {
		return nil, err
	}
	if err := g.addHigherPriority(ctx, control, questions); err != nil {
		return nil, err
	}

	verdicts, err := g.guard.Reserve(ctx, questions)
	if err != nil {
		// No check is ever skipped: everything waits until the log answers.
		at := questions[0].Now.Add(contactLogRecheck)
		for _, j := range candidates {
			g.reschedule(j, at, touch.ReasonNoContactLog)
		}
		return nil, nil
	}

	allowed := candidates[:0]
	for i, j := range candidates {
		j.verdict = verdicts[i]
		if j.verdict.Decision != touch.DecisionAllow {
			g.deny(j)
			continue
		}
		// A job in flight has its reservation from the earlier attempt and
		// keeps it whatever happens now.
		j.reserved = !j.inFlight()
		allowed = append(allowed, j)
	}
	return allowed, nil
}

// questions returns the jobs that the policies have to judge, and the question
// for each. The others get their next step here: they are stopped or expired,
// or their message cannot be written.
func (g judge) questions(ctx context.Context, control *ledger.Control, jobs []*job) ([]*job, []policies.Question, error) {
	now := g.now()
	candidates := make([]*job, 0, len(jobs))
	questions := make([]policies.Question, 0, len(jobs))
	for _, j := range jobs {
		recipient := j.recipient
		j.recipient = nil // the next judgement reads it again

		if g.stopped(control, j, now) || g.expired(j, now) {
			continue
		}

		q := policies.Question{
			Touch:    j.touch(),
			Leg:      j.leg,
			Customer: recipient.Customer,
			Listings: recipient.Listings,
			Now:      now,
		}
		reason, err := g.prepareDispatch(ctx, j, &q)
		if err != nil {
			return nil, nil, err
		}
		if reason != "" {
			g.cannotSend(j, reason)
			continue
		}

		j.entry = q.Entry()
		j.judgedAt = now
		candidates = append(candidates, j)
		questions = append(questions, q)
	}
	return candidates, questions, nil
}

// loadRecipients reads the recipients of the jobs that have none yet. Each is
// used for one judgement: the next one reads again.
func (g judge) loadRecipients(ctx context.Context, all []*job) error {
	var jobs []*job
	var targets []lookup.Target
	for _, j := range all {
		if j.recipient == nil {
			jobs = append(jobs, j)
			targets = append(targets, lookup.Target{Touch: j.touch(), Leg: j.leg})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	recipients, err := lookup.Recipients(ctx, g.customers, g.listings, targets, g.now())
	if err != nil {
		return err
	}
	for i, j := range jobs {
		j.recipient = &recipients[i]
	}
	return nil
}

// stopped reports whether a campaign's status or a kill switch keeps the touch
// from being sent, and gives it its next step if so.
func (g judge) stopped(control *ledger.Control, j *job, now time.Time) bool {
	t := j.touch()
	switch control.Campaigns.Of(ledger.CampaignRef{Caller: t.Caller, Campaign: t.Campaign}) {
	case ledger.CampaignPaused:
		g.reschedule(j, now, touch.ReasonCampaignPaused) // the next feed parks it
		return true
	case ledger.CampaignCancelled:
		if j.inFlight() {
			g.stillUnknown(j)
		} else {
			g.end(j, touch.StateCancelled, touch.ReasonCampaignCancelled, touch.EventCancelled)
		}
		return true
	}

	for i := range control.KillSwitches {
		s := &control.KillSwitches[i]
		// A kill switch for a provider is obeyed where providers are chosen.
		if s.Provider != "" || !s.Matches(t, j.channel(), now) {
			continue
		}
		g.hold(j, touch.ReasonKillSwitch+s.ID, s.Hold())
		return true
	}
	return false
}

// expired reports whether the touch is too old to be sent, and ends it if so. A
// touch in flight may have been sent in time; its vendor is asked again.
func (g judge) expired(j *job, now time.Time) bool {
	t := j.touch()
	tooOld := t.ExpiresAt == nil && now.Sub(t.AcceptedAt) > g.tuning.MaxAge
	if !t.Expired(now) && !tooOld {
		return false
	}
	if j.inFlight() {
		g.stillUnknown(j)
	} else {
		g.end(j, touch.StateExpired, touch.ReasonExpired, touch.EventExpired)
	}
	return true
}

// cannotSend moves a touch on whose leg has no address or no text.
func (g judge) cannotSend(j *job, reason string) {
	if j.inFlight() {
		g.stillUnknown(j)
		return
	}
	g.nextLeg(j, reason, touch.StateFailed, touch.EventFailed, j.releaseIfReserved())
}

// deny gives a touch its next step after a verdict that is not "allow".
func (g judge) deny(j *job) {
	v := &j.verdict

	// The verdict forbids only another attempt. The one before may have been
	// sent, and stays unknown.
	if j.inFlight() {
		g.stillUnknown(j)
		return
	}
	if v.Decision != touch.DecisionDefer || v.Until.IsZero() {
		g.nextLeg(j, v.Rule, v.RefusedAs(), touch.EventRefused, j.releaseIfReserved())
		return
	}
	if expiry := j.touch().ExpiresAt; expiry != nil && !v.Until.Before(*expiry) {
		g.end(j, touch.StateExpired, v.Rule, touch.EventExpired)
		return
	}

	e := g.event(j, touch.EventDeferred, touch.StateDue, v.Rule)
	e.Until = v.Until
	e.Verdict = v
	g.reschedule(j, v.Until, v.Rule, e)
}
