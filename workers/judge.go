package workers

import (
	"context"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

const (
	stopRecheck  = 30 * time.Second // how often a touch under an open-ended stop looks again
	storeRecheck = 2 * time.Second  // likewise, when the contact log does not answer
)

// judge decides on each job whether it may go now. Those that may hold a
// reservation afterwards; the rest has been ended or put back.
func (b *batch) judge(ctx context.Context, control *ledger.Control, jobs []*job) ([]*job, error) {
	if err := b.loadRecipients(ctx, jobs); err != nil {
		return nil, err
	}
	now := b.d.o.Now()
	var ready []*job
	var questions []policies.Question
	for _, j := range jobs {
		t, known := j.touch(), j.recipient
		j.recipient = nil // the next judgement reads it again
		if b.stopped(control, j, now) {
			continue
		}
		if t.Expired(now) || (t.ExpiresAt == nil && now.Sub(t.AcceptedAt) > b.d.o.Tuning.MaxAge) {
			if j.inFlight() {
				b.unresolved(j) // it may be out already
			} else {
				b.end(j, touch.StateExpired, "expired", touch.EventExpired)
			}
			continue
		}
		q := policies.Question{Touch: t, Leg: j.leg, Customer: known.Customer, Listings: known.Listings, Now: now}
		duties, reason, err := b.address(ctx, j, &q)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			if j.inFlight() {
				b.unresolved(j)
			} else {
				b.nextLeg(j, reason, touch.StateFailed, touch.EventFailed, b.release(j))
			}
			continue
		}
		q.TemplateDuties = duties
		j.entry, j.judgedAt = policies.EntryOf(q), now
		ready, questions = append(ready, j), append(questions, q)
	}
	if len(ready) == 0 {
		return nil, nil
	}
	if err := b.addHigherPriority(ctx, control, questions); err != nil {
		return nil, err
	}
	verdicts, err := b.d.o.Guard.Reserve(ctx, questions)
	if err != nil {
		// A check is never skipped: everything waits for the log to answer.
		for _, j := range ready {
			b.reschedule(j, now.Add(storeRecheck), "contact_log_unavailable")
		}
		return nil, nil
	}
	allowed := ready[:0]
	for i, j := range ready {
		j.verdict = verdicts[i]
		if j.verdict.Decision == touch.DecisionAllow {
			j.reserved = !j.inFlight() // one in flight keeps its place whatever comes
			allowed = append(allowed, j)
			continue
		}
		b.denied(j)
	}
	return allowed, nil
}

// denied settles a job that may not go now.
func (b *batch) denied(j *job) {
	v := &j.verdict
	if j.inFlight() {
		b.unresolved(j) // it may be out already; only a resend is forbidden
		return
	}
	if v.Decision != touch.DecisionDefer || v.Until.IsZero() {
		state := v.RefusedAs()
		b.nextLeg(j, v.Rule, state, touch.EventRefused, b.release(j))
		return
	}
	if exp := j.touch().ExpiresAt; exp != nil && !v.Until.Before(*exp) {
		b.end(j, touch.StateExpired, v.Rule, touch.EventExpired)
		return
	}
	e := b.event(j, touch.EventDeferred, touch.StateDue, v.Rule)
	e.Until, e.Verdict = v.Until, v
	b.reschedule(j, v.Until, v.Rule, e)
}

// stopped holds a job back that a campaign's status or an emergency stop binds.
func (b *batch) stopped(control *ledger.Control, j *job, now time.Time) bool {
	t := j.touch()
	switch control.Campaigns[ledger.CampaignRef{Caller: t.Caller, Campaign: t.Campaign}] {
	case ledger.CampaignPaused:
		b.reschedule(j, now, "campaign_paused") // the next feed parks it
		return true
	case ledger.CampaignCancelled:
		if j.inFlight() {
			b.unresolved(j)
		} else {
			b.end(j, touch.StateCancelled, "campaign_cancelled", touch.EventCancelled)
		}
		return true
	}
	for i := range control.KillSwitches {
		s := &control.KillSwitches[i]
		if s.Provider != "" || !s.Matches(t, j.plan().Channel, now) {
			continue // providers are stopped where they are chosen
		}
		until := now.Add(stopRecheck + b.d.jitter.full(stopRecheck))
		if s.Until != nil && s.Until.Before(until) {
			until = *s.Until
		}
		b.reschedule(j, until, "stop:"+s.ID)
		return true
	}
	return false
}

// loadRecipients reads the recipients of the jobs that have none yet. Each is
// used for one judgement: the next one reads again.
func (b *batch) loadRecipients(ctx context.Context, all []*job) error {
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
	recipients, err := lookup.Recipients(ctx, b.d.o.Ledger.Customers, b.d.o.Ledger.Listings, targets, b.d.o.Now())
	if err != nil {
		return err
	}
	for i, j := range jobs {
		j.recipient = &recipients[i]
	}
	return nil
}

// address fills in the dispatch: where it goes and what it says. It answers
// the duties that the template fulfils, or the reason why this leg cannot be sent.
func (b *batch) address(ctx context.Context, j *job, q *policies.Question) (duties []string, reason string, err error) {
	t, leg := j.touch(), j.plan()
	q.Address = touch.AddressOn(leg.Channel, &t.Request, q.Customer)
	if q.Address == "" && leg.Channel.NeedsAddress() {
		return nil, "no_address", nil
	}
	content := touch.Content{Title: leg.Title}
	switch {
	case leg.Content != nil:
		content = *leg.Content
	case leg.Template != "":
		version := 0
		if j.leg < len(t.Pins) {
			version = t.Pins[j.leg]
		}
		tpl, err := b.d.templates.Version(ctx, leg.Template, version)
		if touch.ClassOf(err) == touch.NotFound {
			return nil, "no_template", nil
		} else if err != nil {
			return nil, "", err
		}
		rendered, ok := tpl.Render(leg.Channel, leg.Params)
		if !ok {
			return nil, "no_template", nil
		}
		content, duties = rendered, tpl.Duties
	}
	if content.Title == "" {
		content.Title = leg.Title
	}
	j.dispatch = adapter.Dispatch{
		ID: touch.DispatchID(t.ID, j.leg), Touch: t.ID, Leg: j.leg, Channel: leg.Channel, Customer: t.Customer,
		Category: t.Category, Campaign: t.Campaign, Subject: t.Subject, Address: q.Address, Template: leg.Template,
		Params: leg.Params, Content: content, Assignee: leg.Assign, DueIn: leg.DueIn.Std(),
		Urgent: t.Urgent(), Resend: j.resend,
	}
	if t.ExpiresAt != nil {
		j.dispatch.ExpiresAt = *t.ExpiresAt
	}
	return duties, "", nil
}
