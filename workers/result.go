package workers

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// applyResult is the table from what a provider answered to what becomes of the
// touch and of its place in the contact log.
func (b *batch) applyResult(j *job, r touch.Result) {
	if j.inFlight() && r.Class != touch.ResultAccepted && (r.Class != touch.ResultRejected || j.resend) {
		b.unresolved(j) // a failed second try says nothing of the first
		return
	}
	switch r.Class {
	case touch.ResultAccepted:
		b.applyAccepted(j, r)
	case touch.ResultRejected:
		log := b.releaseContact(j)
		j.notSent = j.c.Progress.State == touch.StateUnknown
		j.events = append(j.events, b.resultEvent(j, touch.EventUndelivered, touch.StateDue, r))
		b.nextLeg(j, orElse(r.Reason, touch.ReasonOther), touch.StateFailed, touch.EventFailed, log)
	case touch.ResultThrottled:
		wait := r.RetryAfter
		if !r.NoAttempt || wait == 0 { // what our own rate says is exact: each has a turn of its own
			wait = max(wait, b.d.backoff(b.d.o.Tuning.RetryBase, b.d.o.Tuning.RetryMax, 0))
		}
		b.retry(j, r, wait)
	case touch.ResultMisconfigured:
		b.retry(j, r, b.d.o.Tuning.RetryMax/10+b.d.jitter.full(b.d.o.Tuning.RetryMax/10))
	case touch.ResultRetryable:
		b.applyRetryable(j, r)
	default:
		b.applyUnknown(j, r)
	}
}

func (b *batch) applyAccepted(j *job, r touch.Result) {
	now := b.d.o.Now()
	leg, t := j.plan(), j.touch()
	b.d.metrics.age.WithLabelValues(string(leg.Channel)).Observe(now.Sub(t.AcceptedAt).Seconds())
	j.attempts++
	state, kind, at := touch.StateSent, ledger.ContactAttempt, now
	caps, _ := b.d.o.Pool.Capabilities(r.Provider)
	if caps.Immediate {
		state, kind = touch.StateDelivered, ledger.ContactDelivered
	}
	e := b.resultEvent(j, touch.EventSent, touch.StateSent, r)
	e.Verdict = &j.verdict
	tr := b.transition(j, state, e)
	if state == touch.StateDelivered {
		tr.Events = append(tr.Events, b.event(j, touch.EventDelivered, touch.StateDelivered, ""))
	} else if leg.Wait > 0 && !leg.Succeeds(touch.StateSent) {
		tr.Due = now.Add(leg.Wait.Std())
		if j.leg+1 < len(t.Plan) {
			tr.Lane = touch.Lane(t.Plan[j.leg+1].Channel, t.Urgent())
		}
	}
	tr.Provider = r.Provider
	tr.Contact = &ledger.Contact{Leg: j.leg, Channel: leg.Channel, At: at, Kind: kind}
	if !caps.EchoesID {
		tr.VendorID = r.VendorID
	}
	b.add(j, tr, b.commit(j, at, kind))
}

func (b *batch) applyRetryable(j *job, r touch.Result) {
	if !r.NoAttempt {
		j.attempts++
	}
	if j.attempts >= b.d.o.Tuning.MaxAttempts {
		log := b.releaseContact(j)
		j.events = append(j.events, b.resultEvent(j, touch.EventUndelivered, touch.StateDue, r))
		b.nextLeg(j, orElse(r.Reason, "attempts_spent"), touch.StateFailed, touch.EventFailed, log)
		return
	}
	wait := b.d.backoff(b.d.o.Tuning.RetryBase, b.d.o.Tuning.RetryMax, j.attempts)
	if !r.NoAttempt && !b.d.o.Pool.AllowRetry(r.Provider) {
		wait = b.d.o.Tuning.RetryMax/2 + b.d.jitter.full(b.d.o.Tuning.RetryMax/2)
	}
	b.retry(j, r, max(wait, r.RetryAfter))
}

// retry puts a known non-send back. What our own breaker or rate refused is
// no attempt, and no line in the touch's history.
func (b *batch) retry(j *job, r touch.Result, wait time.Duration) {
	at := b.d.o.Now().Add(wait)
	var events []touch.Event
	if !r.NoAttempt {
		e := b.resultEvent(j, touch.EventRetry, touch.StateDue, r)
		e.Until = at
		events = append(events, e)
	}
	b.reschedule(j, at, orElse(r.Reason, r.Class.String()), events...)
}

// applyUnknown keeps the place in the contact log and begins to find out.
func (b *batch) applyUnknown(j *job, r touch.Result) {
	now := b.d.o.Now()
	j.unknownSince = now
	j.provider = r.Provider
	j.attempts = 0 // from here on: looks at what became of it
	e := b.resultEvent(j, touch.EventUnknown, touch.StateUnknown, r)
	e.Verdict = &j.verdict
	tr := b.transition(j, touch.StateUnknown, e)
	tr.Due = now.Add(b.d.backoff(b.d.o.Tuning.ResolveBase, b.d.o.Tuning.RetryMax, 0))
	tr.Provider = r.Provider
	tr.Contact = &ledger.Contact{Leg: j.leg, Channel: j.plan().Channel, At: now}
	b.add(j, tr, nil) // its reservation stays pending, and a pending one never ages
}

// commit turns the reservation into a contact made at the instant.
func (b *batch) commit(j *job, at time.Time, kind string) *contactlog.Settlement {
	made := j.entry
	made.At, made.Kind = at, contactlog.Kind(ledger.ContactRank(kind))
	s := &contactlog.Settlement{Customer: j.touch().Customer, ID: j.dispatch.ID, At: at, Kind: made.Kind}
	if made.ID != "" {
		s.Entry = &made // should the log have lost the reservation meanwhile
	}
	return s
}

// releaseContact frees the place of a message that surely did not go out, also one
// that had an unknown outcome before.
func (b *batch) releaseContact(j *job) *contactlog.Settlement {
	return &contactlog.Settlement{Customer: j.touch().Customer, ID: touch.DispatchID(j.touch().ID, j.leg), Release: true, At: j.judgedAt}
}

func (b *batch) resultEvent(j *job, kind touch.EventKind, state touch.State, r touch.Result) touch.Event {
	e := b.event(j, kind, state, r.Reason)
	e.Result = &r
	return e
}

// logAttempt writes the one log line of an attempt; it holds no personal data.
func (b *batch) logAttempt(ctx context.Context, j *job, r touch.Result) {
	level := slog.LevelInfo
	if r.Class == touch.ResultMisconfigured {
		level = slog.LevelError
	}
	if !b.d.o.Logger.Enabled(ctx, level) {
		return
	}
	t := j.touch()
	b.d.o.Logger.LogAttrs(ctx, level, "attempt",
		slog.String("touch", t.ID.String()), slog.String("caller", t.Caller), slog.String("campaign", t.Campaign),
		slog.String("category", string(t.Category)), slog.String("channel", string(j.plan().Channel)),
		slog.Int("leg", j.leg), slog.Int("attempt", j.attempts+1), slog.String("provider", r.Provider),
		slog.String("class", r.Class.String()), slog.String("reason", r.Reason), slog.String("code", r.Code),
		slog.String("policy", j.verdict.Policy), slog.Duration("age", b.d.o.Now().Sub(t.AcceptedAt)),
		slog.Int64("segment", b.seg.Ref.Segment), slog.Int64("epoch", b.seg.Ref.Epoch))
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
