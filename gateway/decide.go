package gateway

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// refuseUnjudged settles the drafts that no policy needs to judge.
func (s *Service) refuseUnjudged(d *draft, now time.Time) bool {
	first := d.touch.Plan[0].Channel
	switch {
	case d.touch.Expired(now):
		d.verdicts = []touch.Verdict{ownVerdict(touch.DecisionRefuse, RuleExpiry, first, now, "its time has run out already")}
	case d.touch.Campaign != "" && s.campaign(&d.touch) == ledger.CampaignCancelled:
		d.verdicts = []touch.Verdict{ownVerdict(touch.DecisionRefuse, RuleCampaign, first, now, "the campaign was cancelled")}
	default:
		return false
	}
	return true
}

func (s *Service) campaign(t *touch.Touch) ledger.CampaignStatus {
	return s.controls().Campaigns[ledger.CampaignRef{Caller: t.Caller, Campaign: t.Campaign}]
}

// decide makes the ledger's row and the caller's answer of a judged draft.
func (s *Service) decide(d *draft, a *Answer, now time.Time) ledger.NewTouch {
	n := ledger.NewTouch{Touch: d.touch, Digest: d.digest}
	last := &d.verdicts[len(d.verdicts)-1]
	if d.leg < 0 {
		n.State, n.Reason = last.RefusedAs(), last.Rule
		if last.Rule == RuleExpiry {
			n.State = touch.StateExpired
		}
		n.Leg = len(d.verdicts) - 1
	} else {
		ch := d.touch.Plan[d.leg].Channel
		n.State, n.Leg, n.Due = touch.StateDue, d.leg, d.due(now)
		n.Lane = touch.Lane(ch, d.touch.Urgent())
		n.Enqueue = d.touch.Urgent() && !n.Due.After(now) && s.campaign(&d.touch) == ""
	}
	n.Events = d.events(&n, now)
	a.State, a.Due, a.Leg, a.Reason, a.Verdicts = n.State, n.Due, n.Leg, n.Reason, d.verdicts
	if last.Decision == touch.DecisionDefer {
		a.Reason = last.Rule
	}
	return n
}

// events tell how intake decided: a fallback for each leg that was refused
// before the one that decided, then what came of the touch.
func (d *draft) events(n *ledger.NewTouch, now time.Time) []touch.Event {
	events := make([]touch.Event, 0, len(d.verdicts)+1)
	add := func(kind touch.EventKind, leg int, v *touch.Verdict, reason string) {
		e := d.touch.Event(kind, now, n.State, leg)
		e.Until = n.Due
		e.Reason = reason
		e.Verdict = v
		events = append(events, e)
	}
	decided := len(d.verdicts) - 1
	if n.State == touch.StateDue {
		decided = d.leg
	}
	for leg := range decided {
		add(touch.EventFallback, leg+1, &d.verdicts[leg], d.verdicts[leg].Rule)
	}
	v := &d.verdicts[decided]
	switch {
	case n.State == touch.StateExpired:
		add(touch.EventExpired, decided, v, n.Reason)
	case n.State != touch.StateDue:
		add(touch.EventRefused, decided, v, n.Reason)
	case v.Decision == touch.DecisionDefer:
		add(touch.EventAccepted, decided, nil, "")
		add(touch.EventDeferred, decided, v, v.Rule)
	default:
		add(touch.EventAccepted, decided, brief(v), "")
	}
	return events
}

// brief is an allowing verdict without the findings of rules that simply
// agreed: the one recorded at dispatch has them all, as of then.
func brief(v *touch.Verdict) *touch.Verdict {
	b := *v
	b.Findings = nil
	for _, f := range v.Findings {
		if f.Decision != touch.DecisionAllow || f.Shadow || f.Excused || f.Evidence != "" {
			b.Findings = append(b.Findings, f)
		}
	}
	return &b
}
