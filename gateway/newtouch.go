package gateway

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// newTouch makes the ledger's row of a judged touch, and fills in the caller's
// answer.
func (s *Service) newTouch(p *pending, now time.Time) ledger.NewTouch {
	n := ledger.NewTouch{Touch: p.touch, Digest: p.digest}
	last := &p.verdicts[len(p.verdicts)-1]
	if p.leg < 0 {
		// Every leg was refused: the touch is final, and the verdict on the
		// last leg says why. A refusal for lack of time is an expiry.
		n.State = last.RefusedAs()
		if last.Rule == touch.ReasonCannotGoInTime {
			n.State = touch.StateExpired
		}
		n.Reason = last.Rule
		n.Leg = len(p.verdicts) - 1
	} else {
		// Only what may be sent this moment is queued at once. The feeder
		// queues the rest when it is due, and not while its campaign is paused.
		n.State = touch.StateDue
		n.Leg = p.leg
		n.Due = p.due(now)
		n.Lane = touch.Lane(p.touch.Plan[p.leg].Channel, p.urgent())
		n.Enqueue = p.urgent() && !n.Due.After(now) && s.campaignStatus(&p.touch) == ledger.CampaignRunning
	}
	n.Events = p.events(&n, now)

	// The answer says what this submission was judged. A deferral has its rule
	// as the reason, although the touch itself is not refused and has none.
	a := p.answer
	a.State = n.State
	a.Due = n.Due
	a.Leg = n.Leg
	a.Reason = n.Reason
	a.Verdicts = p.verdicts
	if last.Decision == touch.DecisionDefer {
		a.Reason = last.Rule
	}
	return n
}

// events tell how intake decided: a fallback for each leg that was refused
// before the deciding one, then what came of the touch.
func (p *pending) events(n *ledger.NewTouch, now time.Time) []touch.Event {
	events := make([]touch.Event, 0, len(p.verdicts)+1)
	add := func(kind touch.EventKind, leg int, v *touch.Verdict, reason string) {
		e := p.touch.Event(kind, now, n.State, leg)
		e.Until = n.Due
		e.Reason = reason
		e.Verdict = v
		events = append(events, e)
	}
	// The deciding verdict is that of the leg to send, else the last one.
	decided := len(p.verdicts) - 1
	if n.State == touch.StateDue {
		decided = p.leg
	}
	for leg := range decided {
		add(touch.EventFallback, leg+1, &p.verdicts[leg], p.verdicts[leg].Rule)
	}

	// A deferred touch is accepted and deferred: two events, of which the
	// second has the verdict.
	v := &p.verdicts[decided]
	switch {
	case n.State == touch.StateExpired:
		add(touch.EventExpired, decided, v, n.Reason)
	case n.State != touch.StateDue:
		add(touch.EventRefused, decided, v, n.Reason)
	case v.Decision == touch.DecisionDefer:
		add(touch.EventAccepted, decided, nil, "")
		add(touch.EventDeferred, decided, v, v.Rule)
	default:
		add(touch.EventAccepted, decided, withoutAllows(v), "")
	}
	return events
}

// withoutAllows returns an allowing verdict without the findings of rules that
// simply allowed: the verdict recorded at dispatch has all of them, as of
// then, and this one is stored for every touch.
func withoutAllows(v *touch.Verdict) *touch.Verdict {
	short := *v
	short.Findings = nil
	for _, f := range v.Findings {
		if f.Decision != touch.DecisionAllow || f.Shadow || f.Excused || f.Evidence != "" {
			short.Findings = append(short.Findings, f)
		}
	}
	return &short
}
