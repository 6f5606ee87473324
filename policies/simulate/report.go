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

// Report says what a set would have done to the recorded legs.
type Report struct {
	Policy string `json:"policy"` // the set's hash
	Total  Counts `json:"total"`
	// ByRule has the rules that would have deferred or refused something, the
	// one with the most legs first.
	ByRule []RuleCounts `json:"by_rule"`
	// ByChannel, ByCategory and ByCampaign each group all legs, sorted by name.
	ByChannel  []Group `json:"by_channel"`
	ByCategory []Group `json:"by_category"`
	ByCampaign []Group `json:"by_campaign"`
	// Silent are the rules that would have deferred and refused nothing.
	Silent []string `json:"silent,omitempty"`

	rules      map[string]*RuleCounts
	channels   map[string]*Counts
	categories map[string]*Counts
	campaigns  map[string]*Counts
}

// Counts are numbers of legs: what was done with them, and what the set would have done.
type Counts struct {
	Legs    int `json:"legs"`
	Sent    int `json:"sent"`    // went out
	Refused int `json:"refused"` // were refused by a rule

	WouldSend   int `json:"would_send"`   // at once or later
	WouldDelay  int `json:"would_delay"`  // of WouldSend: deferred first
	WouldRefuse int `json:"would_refuse"` // for good, or deferred beyond their end

	NewlyRefused int `json:"newly_refused"` // of WouldRefuse: went out
	NewlySent    int `json:"newly_sent"`    // of WouldSend: were refused
}

// Group is the counts of the legs with one channel, category or campaign.
type Group struct {
	Name string `json:"name"`
	Counts
}

// RuleCounts is what one rule would have done.
type RuleCounts struct {
	Rule         string    `json:"rule"`
	Refused      int       `json:"refused"`       // legs that it would have refused
	Deferred     int       `json:"deferred"`      // legs whose first deferral it would have decided
	NewlyRefused int       `json:"newly_refused"` // of Refused: went out
	Examples     []Example `json:"examples"`
}

// Example is one leg that a rule would have deferred or refused.
type Example struct {
	Touch    touch.ID       `json:"touch"`
	Channel  touch.Channel  `json:"channel"`
	Category touch.Category `json:"category"`
	Campaign string         `json:"campaign,omitempty"`
	At       time.Time      `json:"at"`
	Sent     time.Time      `json:"sent,omitzero"` // when it went out; zero: it did not
	Decision touch.Decision `json:"decision"`
	Until    time.Time      `json:"until,omitzero"`
	Reason   string         `json:"reason,omitempty"`
}

const (
	maxExamples = 3 // of one rule
	// maxCampaigns bounds memory. Legs of further campaigns are counted under
	// the name "(others)".
	maxCampaigns = 10_000
)

// result is the outcome of the simulation for one leg.
type result struct {
	decision touch.Decision // allow or refuse
	verdict  touch.Verdict  // of a refusal
	late     bool           // refused because it was deferred beyond its end
}

func newReport(set *ruleset.Set) *Report {
	return &Report{
		Policy:     set.Hash(),
		Silent:     set.Rules(),
		rules:      map[string]*RuleCounts{},
		channels:   map[string]*Counts{},
		categories: map[string]*Counts{},
		campaigns:  map[string]*Counts{},
	}
}

// add counts one leg in each group that it belongs to, and under the rules that
// decided about it.
func (r *Report) add(p *pending, res result) {
	t := p.leg.Question.Touch
	campaign := t.Campaign
	if r.campaigns[campaign] == nil && len(r.campaigns) >= maxCampaigns {
		campaign = "(others)"
	}
	channel := string(t.Plan[p.leg.Question.Leg].Channel)
	for _, counts := range []*Counts{
		&r.Total,
		countsOf(r.channels, channel),
		countsOf(r.categories, string(t.Category)),
		countsOf(r.campaigns, campaign),
	} {
		counts.add(p, res)
	}

	if p.first.Decision == touch.DecisionDefer {
		rule := r.ruleCounts(p.first.Rule)
		rule.Deferred++
		rule.addExample(p, &p.first)
	}
	// No rule refused a leg that was deferred beyond its end.
	if res.decision == touch.DecisionRefuse && !res.late {
		rule := r.ruleCounts(res.verdict.Rule)
		rule.Refused++
		if !p.leg.Sent.IsZero() {
			rule.NewlyRefused++
		}
		rule.addExample(p, &res.verdict)
	}
}

// countsOf returns the counts with a name, and makes it when there is none yet.
func countsOf(groups map[string]*Counts, name string) *Counts {
	if groups[name] == nil {
		groups[name] = &Counts{}
	}
	return groups[name]
}

func (t *Counts) add(p *pending, res result) {
	sent := !p.leg.Sent.IsZero()
	t.Legs++
	if sent {
		t.Sent++
	} else {
		t.Refused++
	}

	if res.decision == touch.DecisionRefuse {
		t.WouldRefuse++
		if sent {
			t.NewlyRefused++
		}
		return
	}
	t.WouldSend++
	if p.evaluations > 1 {
		t.WouldDelay++
	}
	if !sent {
		t.NewlySent++
	}
}

// ruleCounts returns the counts of a rule, and makes it when there is none yet.
func (r *Report) ruleCounts(id string) *RuleCounts {
	if r.rules[id] == nil {
		r.rules[id] = &RuleCounts{Rule: id}
	}
	return r.rules[id]
}

// addExample keeps the leg as an example while the rule has fewer than
// maxExamples. The reason is that of the rule which decided the verdict.
func (d *RuleCounts) addExample(p *pending, v *touch.Verdict) {
	if len(d.Examples) >= maxExamples {
		return
	}
	q := p.leg.Question
	e := Example{
		Touch:    q.Touch.ID,
		Channel:  q.Touch.Plan[q.Leg].Channel,
		Category: q.Touch.Category,
		Campaign: q.Touch.Campaign,
		At:       v.At,
		Sent:     p.leg.Sent,
		Decision: v.Decision,
		Until:    v.Until,
	}
	for _, f := range v.Findings {
		if f.Rule == v.Rule && !f.Shadow {
			e.Reason = f.Reason
		}
	}
	d.Examples = append(d.Examples, e)
}

// finish fills the sorted lists from the counts.
func (r *Report) finish() {
	for _, d := range r.rules {
		r.ByRule = append(r.ByRule, *d)
	}
	slices.SortFunc(r.ByRule, func(a, b RuleCounts) int {
		byLegs := cmp.Compare(b.Refused+b.Deferred, a.Refused+a.Deferred)
		return cmp.Or(byLegs, strings.Compare(a.Rule, b.Rule))
	})
	r.Silent = slices.DeleteFunc(r.Silent, func(id string) bool { return r.rules[id] != nil })
	r.ByChannel = sortedGroups(r.channels)
	r.ByCategory = sortedGroups(r.categories)
	r.ByCampaign = sortedGroups(r.campaigns)
}

func sortedGroups(groups map[string]*Counts) []Group {
	var all []Group
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, Group{Name: name, Counts: *groups[name]})
	}
	return all
}
