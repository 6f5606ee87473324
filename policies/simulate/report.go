package simulate

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Report is what a set would have done.
type Report struct {
	Policy string `json:"policy"` // the set's hash
	Total  Tally  `json:"total"`
	// ByRule has those that would have held something back, the busiest
	// first; the others group the same legs, in order of name.
	ByRule     []RuleTally `json:"by_rule"`
	ByChannel  []Group     `json:"by_channel"`
	ByCategory []Group     `json:"by_category"`
	ByCampaign []Group     `json:"by_campaign"`
	// Silent are the rules that held back nothing.
	Silent []string `json:"silent,omitempty"`

	rules                           map[string]*RuleTally
	channels, categories, campaigns map[string]*Tally
}

// Tally counts legs: what really became of them, and what would have.
type Tally struct {
	Legs    int `json:"legs"`
	Sent    int `json:"sent"`    // really went out
	Refused int `json:"refused"` // were really refused by a rule

	WouldSend   int `json:"would_send"`   // at once or later
	WouldDelay  int `json:"would_delay"`  // of those: later than they could have gone
	WouldRefuse int `json:"would_refuse"` // for good, or until after their end

	NewlyRefused int `json:"newly_refused"` // sent, and would have been refused
	NewlySent    int `json:"newly_sent"`    // refused, and would have been sent
}

// Group is a tally under a name.
type Group struct {
	Name string `json:"name"`
	Tally
}

// RuleTally is what one rule would have done.
type RuleTally struct {
	Rule         string    `json:"rule"`
	Refused      int       `json:"refused"`       // decided a refusal
	Deferred     int       `json:"deferred"`      // decided the first deferral
	NewlyRefused int       `json:"newly_refused"` // of Refused: really sent
	Examples     []Example `json:"examples"`
}

// Example is one leg that a rule held back.
type Example struct {
	Touch    touch.ID       `json:"touch"`
	Channel  touch.Channel  `json:"channel"`
	Category touch.Category `json:"category"`
	Campaign string         `json:"campaign,omitempty"`
	At       time.Time      `json:"at"`
	Sent     time.Time      `json:"sent,omitzero"` // when it really went out
	Decision touch.Decision `json:"decision"`
	Until    time.Time      `json:"until,omitzero"`
	Reason   string         `json:"reason,omitempty"`
}

// maxExamples bounds the examples of one rule, maxCampaigns the campaigns told apart.
const (
	maxExamples  = 3
	maxCampaigns = 10_000
)

// outcome is what the simulation came to for one leg.
type outcome struct {
	decision touch.Decision // allow or refuse
	at       time.Time      // of an allow
	verdict  touch.Verdict  // of a refusal
	late     bool           // it waited beyond its end
}

func newReport(set *ruleset.Set) *Report {
	return &Report{Policy: set.Hash(), Silent: set.Rules(), rules: map[string]*RuleTally{},
		channels: map[string]*Tally{}, categories: map[string]*Tally{}, campaigns: map[string]*Tally{}}
}

func (r *Report) add(p *pending, o outcome) {
	t, leg := p.leg.Question.Touch, p.leg
	campaign := t.Campaign
	if r.campaigns[campaign] == nil && len(r.campaigns) >= maxCampaigns {
		campaign = "(others)"
	}
	channel := string(t.Plan[leg.Question.Leg].Channel)
	for _, tally := range []*Tally{&r.Total, at(r.channels, channel), at(r.categories, string(t.Category)), at(r.campaigns, campaign)} {
		tally.add(leg, p, o)
	}
	if p.first.Decision == touch.DecisionDefer {
		d := r.rule(p.first.Rule)
		d.Deferred++
		d.example(p, &p.first)
	}
	if o.decision == touch.DecisionRefuse && !o.late {
		d := r.rule(o.verdict.Rule)
		d.Refused++
		if !leg.Sent.IsZero() {
			d.NewlyRefused++
		}
		d.example(p, &o.verdict)
	}
}

func at(groups map[string]*Tally, name string) *Tally {
	if groups[name] == nil {
		groups[name] = &Tally{}
	}
	return groups[name]
}

func (t *Tally) add(leg *Recorded, p *pending, o outcome) {
	sent := !leg.Sent.IsZero()
	t.Legs++
	if sent {
		t.Sent++
	} else {
		t.Refused++
	}
	if o.decision == touch.DecisionRefuse {
		t.WouldRefuse++
		if sent {
			t.NewlyRefused++
		}
		return
	}
	t.WouldSend++
	if p.asked > 1 {
		t.WouldDelay++
	}
	if !sent {
		t.NewlySent++
	}
}

func (r *Report) rule(id string) *RuleTally {
	if r.rules[id] == nil {
		r.rules[id] = &RuleTally{Rule: id}
	}
	return r.rules[id]
}

func (d *RuleTally) example(p *pending, v *touch.Verdict) {
	if len(d.Examples) >= maxExamples {
		return
	}
	q := p.leg.Question
	e := Example{Touch: q.Touch.ID, Channel: q.Touch.Plan[q.Leg].Channel, Category: q.Touch.Category, Campaign: q.Touch.Campaign,
		At: v.At, Sent: p.leg.Sent, Decision: v.Decision, Until: v.Until}
	for _, f := range v.Findings {
		if f.Rule == v.Rule && !f.Shadow {
			e.Reason = f.Reason
		}
	}
	d.Examples = append(d.Examples, e)
}

// finish sorts what was counted.
func (r *Report) finish() {
	for _, d := range r.rules {
		r.ByRule = append(r.ByRule, *d)
	}
	slices.SortFunc(r.ByRule, func(a, b RuleTally) int {
		return cmp.Or(cmp.Compare(b.Refused+b.Deferred, a.Refused+a.Deferred), strings.Compare(a.Rule, b.Rule))
	})
	r.Silent = slices.DeleteFunc(r.Silent, func(id string) bool { return r.rules[id] != nil })
	r.ByChannel, r.ByCategory, r.ByCampaign = sorted(r.channels), sorted(r.categories), sorted(r.campaigns)
}

func sorted(groups map[string]*Tally) []Group {
	var all []Group
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, Group{name, *groups[name]})
	}
	return all
}
