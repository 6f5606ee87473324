package workers

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// results turns what a provider answered into the next step of the touch and
// of its reservation.
type results struct{ unknowns }

// applyResult is the table from the class of a result to its consequence.
func (s results) applyResult(j *job, r touch.Result) {
	// A failed second attempt says nothing of the first one, which may have
	// been sent. Two answers do: it was accepted; or the vendor rejects a
	// message that was repeated under the same id.
	if j.inFlight() && r.Class != touch.ResultAccepted && (r.Class != touch.ResultRejected || j.resend) {
		s.stillUnknown(j)
		return
	}

	switch r.Class {
	case touch.ResultAccepted:
		s.applyAccepted(j, r)

	case touch.ResultRejected:
		// This vendor never takes this message: try the next leg.
		release := j.releaseContact()
		j.notSent = j.claimed.Progress.State == touch.StateUnknown
		j.events = append(j.events, s.resultEvent(j, touch.EventUndelivered, touch.StateDue, r))
		s.nextLeg(j, cmp.Or(r.Reason, touch.ReasonOther), touch.StateFailed, touch.EventFailed, release)

	case touch.ResultThrottled:
		wait := r.RetryAfter
		// Our own rate limiter gives each touch a time of its own, so its wait
		// needs no jitter. A vendor gives the same wait to all.
		if !r.NoAttempt || wait == 0 {
			wait = max(wait, s.backoff(s.tuning.RetryBase, s.tuning.RetryMax, 0))
		}
		s.retry(j, r, wait)

	case touch.ResultMisconfigured:
		// A person has to change something: trying sooner only makes noise.
		s.retry(j, r, s.tuning.RetryMax/10+s.jitter.upTo(s.tuning.RetryMax/10))

	case touch.ResultRetryable:
		s.applyRetryable(j, r)

	default:
		s.begin(j, r)
	}
}

// applyAccepted records that the vendor has the message: the reservation
// becomes a contact. Channels that deliver at once are delivered.
func (s results) applyAccepted(j *job, r touch.Result) {
	now := s.now()
	leg := j.currentLeg()
	t := j.touch()
	j.attempts++
	s.metrics.age.WithLabelValues(string(leg.Channel)).Observe(now.Sub(t.AcceptedAt).Seconds())

	state := touch.StateSent
	kind := touch.ContactAttempt
	caps, _ := s.pool.Capabilities(r.Provider)
	if caps.DeliversOnAccept {
		state = touch.StateDelivered
		kind = touch.ContactDelivered
	}

	e := s.resultEvent(j, touch.EventSent, touch.StateSent, r)
	e.Verdict = &j.verdict
	tr := s.transition(j, state, e)
	tr.Provider = r.Provider
	tr.Contact = &ledger.Contact{Leg: j.leg, Channel: leg.Channel, At: now, Kind: kind}
	if !caps.EchoesID {
		tr.VendorID = r.VendorID // its receipts name the message by this
	}

	switch {
	case state == touch.StateDelivered:
		tr.Events = append(tr.Events, s.event(j, touch.EventDelivered, touch.StateDelivered, ""))
	case leg.Wait > 0 && !leg.Succeeds(touch.StateSent):
		// If no receipt says that it arrived, the next leg is up after the wait.
		tr.Due = now.Add(leg.Wait.Std())
		if !j.isLastLeg() {
			tr.Lane = touch.Lane(t.Plan[j.leg+1].Channel, t.Urgent())
		}
	}
	s.add(j, tr, j.commitContact(now, kind))
}

// applyRetryable tries a message again that was surely not sent. After
// MaxAttempts the next leg is tried.
func (s results) applyRetryable(j *job, r touch.Result) {
	if !r.NoAttempt {
		j.attempts++
	}
	if j.attempts >= s.tuning.MaxAttempts {
		release := j.releaseContact()
		j.events = append(j.events, s.resultEvent(j, touch.EventUndelivered, touch.StateDue, r))
		s.nextLeg(j, cmp.Or(r.Reason, touch.ReasonAttemptsSpent), touch.StateFailed, touch.EventFailed, release)
		return
	}

	wait := s.backoff(s.tuning.RetryBase, s.tuning.RetryMax, j.attempts)
	// A provider that fails most of its calls has used up its retry budget:
	// more retries would only keep it down.
	if !r.NoAttempt && !s.pool.AllowRetry(r.Provider) {
		wait = s.tuning.RetryMax/2 + s.jitter.upTo(s.tuning.RetryMax/2)
	}
	s.retry(j, r, max(wait, r.RetryAfter))
}

// retry makes a touch due again that was surely not sent. What our own breaker
// or rate limiter refused was no attempt, and gets no line in the history.
func (s results) retry(j *job, r touch.Result, wait time.Duration) {
	at := s.now().Add(wait)
	var events []touch.Event
	if !r.NoAttempt {
		e := s.resultEvent(j, touch.EventRetry, touch.StateDue, r)
		e.Until = at
		events = append(events, e)
	}
	s.reschedule(j, at, cmp.Or(r.Reason, r.Class.String()), events...)
}

// logAttempt writes the one log line of an attempt. It holds no personal data.
func (s results) logAttempt(ctx context.Context, j *job, r touch.Result) {
	level := slog.LevelInfo
	if r.Class == touch.ResultMisconfigured {
		level = slog.LevelError
	}
	if !s.log.Enabled(ctx, level) {
		return
	}
	t := j.touch()
	s.log.LogAttrs(ctx, level, "attempt",
		slog.String("touch", t.ID.String()), slog.String("caller", t.Caller), slog.String("campaign", t.Campaign),
		slog.String("category", string(t.Category)), slog.String("channel", string(j.channel())),
		slog.Int("leg", j.leg), slog.Int("attempt", j.attempts+1), slog.String("provider", r.Provider),
		slog.String("class", r.Class.String()), slog.String("reason", r.Reason), slog.String("code", r.Code),
		slog.String("policy", j.verdict.Policy), slog.Duration("age", s.now().Sub(t.AcceptedAt)),
		slog.Int64("segment", s.segment.Segment), slog.Int64("epoch", s.segment.Epoch))
}
