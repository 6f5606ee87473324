package gateway

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// gatewayKind is the kind of the gateway's own rules in findings.
const gatewayKind = "gateway"

// gatewayVerdict is a verdict by a rule of the gateway itself.
func gatewayVerdict(decision touch.Decision, rule string, ch touch.Channel, now time.Time, reason string) touch.Verdict {
	finding := touch.Finding{Rule: rule, Kind: gatewayKind, Decision: decision, Reason: reason}
	return touch.Verdict{
		Decision: decision,
		Rule:     rule,
		Kind:     gatewayKind,
		Channel:  ch,
		At:       now,
		Findings: []touch.Finding{finding},
	}
}

// refuseEarly refuses a touch that no policy needs to judge, because it has
// expired or its campaign was cancelled. It reports whether it did.
func (s *Service) refuseEarly(p *pending, now time.Time) bool {
	first := p.touch.Plan[0].Channel
	switch {
	case p.touch.Expired(now):
		v := gatewayVerdict(touch.DecisionRefuse, touch.ReasonCannotGoInTime, first, now, "its time has run out already")
		p.verdicts = []touch.Verdict{v}
	case p.touch.Campaign != "" && s.campaignStatus(&p.touch) == ledger.CampaignCancelled:
		v := gatewayVerdict(touch.DecisionRefuse, touch.ReasonCampaignCancelled, first, now, "the campaign was cancelled")
		p.verdicts = []touch.Verdict{v}
	default:
		return false
	}
	return true
}

// skipUnreachable refuses the next legs as long as they have no address. It
// reports whether a leg is left to be judged.
func (p *pending) skipUnreachable(now time.Time) bool {
	for ; p.next < len(p.touch.Plan); p.next++ {
		ch := p.touch.Plan[p.next].Channel
		if p.recipients[p.next].Address != "" || !ch.NeedsAddress() {
			return true
		}
		reason := "no address is known on " + string(ch)
		v := gatewayVerdict(touch.DecisionRefuse, touch.ReasonNoAddress, ch, now, reason)
		p.verdicts = append(p.verdicts, v)
	}
	return false
}

// refuseAsTooLate turns a deferral beyond the end of the touch into a refusal
// of the leg: it would only expire while it waits.
func refuseAsTooLate(v *touch.Verdict) {
	v.Decision = touch.DecisionRefuse
	v.Findings = append(v.Findings, touch.Finding{
		Rule: touch.ReasonCannotGoInTime, Kind: gatewayKind, Decision: touch.DecisionRefuse, Until: v.Until,
		Reason: "it could go only when its time has run out",
	})
	v.Rule = touch.ReasonCannotGoInTime
	v.Kind = gatewayKind
}
