package gateway

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// The rules that the gateway itself applies, beside those of policies; they
// appear in verdicts and reasons.
const (
	RuleNoAddress = "no_address"         // no leg's address is known
	RuleExpiry    = "expires_at"         // it could go only after its time has run out
	RuleCampaign  = "campaign_cancelled" // its campaign was cancelled
	RuleUnjudged  = "not_yet_judged"     // the contact log did not answer at intake
)

// draft is a touch on its way through intake.
type draft struct {
	answer     *Answer // of Submit, to be filled in
	index      int     // in the caller's slice, of Check
	touch      touch.Touch
	digest     [16]byte
	templates  []*ledger.Template // by leg; nil: inline content
	recipients []lookup.Recipient // by leg
	verdicts   []touch.Verdict    // by leg judged
	next       int                // the leg to judge next
	leg        int                // the first leg not refused; -1: none
}

// judge puts drafts before the guard, leg by leg, until each has a leg that is
// not refused; with every set, all legs are judged whatever the verdict. One
// read of facts and one forecast a round serve the whole slice.
func (s *Service) judge(ctx context.Context, drafts []*draft, now time.Time, every bool) error {
	if len(drafts) == 0 {
		return nil
	}
	if err := s.loadRecipients(ctx, drafts, now); err != nil {
		return err
	}
	open := drafts
	for len(open) > 0 {
		var asked []*draft
		var questions []policies.Question
		for _, d := range open {
			if s.skipUnreachable(d, now) {
				asked = append(asked, d)
				questions = append(questions, d.question(d.next, now))
			}
		}
		if len(asked) == 0 {
			return nil
		}
		verdicts, err := s.forecast(ctx, questions, every)
		if err != nil {
			return err
		}
		if len(verdicts) != len(questions) {
			return touch.Errorf(touch.Internal, "", "the guard gave %d verdicts for %d questions", len(verdicts), len(questions))
		}
		open = nil
		for i, d := range asked {
			if d.take(verdicts[i], every) {
				open = append(open, d)
			}
		}
	}
	return nil
}

// forecastWithin is how long intake waits for the contact log.
const forecastWithin = time.Second

// forecast asks the guard. Without the contact log intake goes on, since
// nothing is sent by a forecast: the touch is due as asked, and judged when the
// log is back. A caller who only wanted to know gets the error.
func (s *Service) forecast(ctx context.Context, qs []policies.Question, every bool) ([]touch.Verdict, error) {
	within, cancel := context.WithTimeout(ctx, forecastWithin)
	defer cancel()
	verdicts, err := s.guard.Forecast(within, qs)
	if touch.ClassOf(err) != touch.Unavailable || every || ctx.Err() != nil {
		return verdicts, err
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "accepted without a forecast", slog.Int("touches", len(qs)), slog.Any("error", err))
	verdicts = make([]touch.Verdict, len(qs))
	for i := range qs {
		q := &qs[i]
		verdicts[i] = ownVerdict(touch.DecisionDefer, RuleUnjudged, q.Touch.Plan[q.Leg].Channel, q.Now, "the contact log does not answer: judged when it does")
		verdicts[i].Until = q.Now
	}
	return verdicts, nil
}

// skipUnreachable refuses legs without a known address; it reports whether a
// leg is left to be judged.
func (s *Service) skipUnreachable(d *draft, now time.Time) bool {
	for ; d.next < len(d.touch.Plan); d.next++ {
		ch := d.touch.Plan[d.next].Channel
		if d.recipients[d.next].Address != "" || !ch.NeedsAddress() {
			return true
		}
		d.verdicts = append(d.verdicts, ownVerdict(touch.DecisionRefuse, RuleNoAddress, ch, now, "no address is known on "+string(ch)))
	}
	return false
}

// ownVerdict is a verdict by a rule of the gateway itself.
func ownVerdict(decision touch.Decision, rule string, ch touch.Channel, now time.Time, reason string) touch.Verdict {
	return touch.Verdict{
		Decision: decision, Rule: rule, Kind: "gateway", Channel: ch, At: now,
		Findings: []touch.Finding{{Rule: rule, Kind: "gateway", Decision: decision, Reason: reason}},
	}
}

// question asks about a leg of the draft at the instant from which it may go.
func (d *draft) question(leg int, now time.Time) policies.Question {
	to := &d.recipients[leg]
	q := policies.Question{
		Touch: &d.touch, Leg: leg, Customer: to.Customer,
		Listings: to.Listings, Address: to.Address, Now: d.earliest(now),
	}
	if t := d.templates[leg]; t != nil {
		q.TemplateDuties = t.Duties
	}
	return q
}

func (d *draft) earliest(now time.Time) time.Time {
	if d.touch.NotBefore != nil && d.touch.NotBefore.After(now) {
		return *d.touch.NotBefore
	}
	return now
}

// take notes the verdict on the next leg and reports whether another leg is to
// be judged. A deferral beyond the touch's end is a refusal of the leg.
func (d *draft) take(v touch.Verdict, every bool) bool {
	if v.Decision == touch.DecisionDefer && d.touch.Expired(v.Until) {
		v.Decision = touch.DecisionRefuse
		v.Findings = append(v.Findings, touch.Finding{
			Rule: RuleExpiry, Kind: "gateway", Decision: touch.DecisionRefuse, Until: v.Until,
			Reason: "it could go only when its time has run out",
		})
		v.Rule, v.Kind = RuleExpiry, "gateway"
	}
	d.verdicts = append(d.verdicts, v)
	if d.leg < 0 && (v.Decision == touch.DecisionAllow || v.Decision == touch.DecisionDefer) {
		d.leg = d.next
	}
	d.next++
	return d.next < len(d.touch.Plan) && (every || d.leg < 0)
}

// due is when the draft's leg may go.
func (d *draft) due(now time.Time) time.Time {
	if v := d.verdicts[d.leg]; v.Decision == touch.DecisionDefer {
		return v.Until
	}
	return d.earliest(now)
}

// loadRecipients reads the recipient of every leg of the drafts.
func (s *Service) loadRecipients(ctx context.Context, drafts []*draft, now time.Time) error {
	targets := make([]lookup.Target, 0, len(drafts))
	for _, d := range drafts {
		for leg := range d.touch.Plan {
			targets = append(targets, lookup.Target{Touch: &d.touch, Leg: leg})
		}
	}
	recipients, err := lookup.Recipients(ctx, s.ledger.Customers, s.ledger.Listings, targets, now)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		legs := len(d.touch.Plan)
		d.recipients = recipients[:legs:legs]
		recipients = recipients[legs:]
	}
	return nil
}
