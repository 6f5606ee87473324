package touch

import "time"

// Decision is what a rule, or all rules together, say of one contact.
type Decision string

// The decisions, mildest first. The empty Decision is not one: code must treat
// it as DecisionRefuse.
const (
	DecisionAllow  Decision = "allow"
	DecisionDefer  Decision = "defer"
	DecisionRefuse Decision = "refuse"
)

// Stricter gives the stricter of two decisions.
func Stricter(a, b Decision) Decision {
	if a.rank() >= b.rank() {
		return a
	}
	return b
}

func (d Decision) rank() int {
	switch d {
	case DecisionAllow:
		return 0
	case DecisionDefer:
		return 1
	}
	return 2
}

// Finding is what one rule said, and on which evidence.
type Finding struct {
	Rule     string    `json:"rule"`
	Kind     string    `json:"kind,omitempty"` // hours, cap, cooldown, consent, list …
	Decision Decision  `json:"decision"`
	Until    time.Time `json:"until,omitzero"` // the rule alone would allow from here
	Reason   string    `json:"reason,omitempty"`
	Count    int       `json:"count,omitempty"` // what a cap counted
	Limit    int       `json:"limit,omitempty"`
	Since    time.Time `json:"since,omitzero"`     // from where a cap looked
	Evidence string    `json:"evidence,omitempty"` // of consent, or a register's check
	Shadow   bool      `json:"shadow,omitempty"`   // recorded, not enforced
	Excused  bool      `json:"excused,omitempty"`  // an "unless" held
}

// Verdict is the sum of all findings for one leg at one instant.
type Verdict struct {
	Decision Decision  `json:"decision"`
	Until    time.Time `json:"until,omitzero"` // with DecisionDefer: the first instant at which all constraints hold together
	// Rule is the rule that decided (the first of the strictest), and Kind its kind.
	Rule        string    `json:"rule,omitempty"`
	Kind        string    `json:"kind,omitempty"`
	Channel     Channel   `json:"channel,omitempty"`
	At          time.Time `json:"at,omitzero"`
	Policy      string    `json:"policy,omitempty"` // content hash of the compiled set
	Customer    int64     `json:"customer_version,omitempty"`
	Findings    []Finding `json:"findings,omitempty"`
	Obligations []string  `json:"duties,omitempty"` // obligations of an allow: opt-out text, label …
}

// RefusedAs is the final state of a touch that this verdict refuses: Capped
// when a cap or a cool-down decided, Refused otherwise.
func (v *Verdict) RefusedAs() State {
	if v.Kind == "cap" || v.Kind == "cooldown" {
		return StateCapped
	}
	return StateRefused
}
