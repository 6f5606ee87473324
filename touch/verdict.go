package touch

import "time"

// Decision is the decision of one rule, or of all rules together, about one
// contact.
type Decision string

// The decisions, from the mildest to the strictest. "" is not a decision. Code
// that finds it must refuse.
const (
	DecisionAllow  Decision = "allow"  // send it
	DecisionDefer  Decision = "defer"  // not now; perhaps later
	DecisionRefuse Decision = "refuse" // never
)

// Stricter returns the stricter of two decisions. An unknown decision counts as
// DecisionRefuse. If both are equally strict, it returns a.
func Stricter(a, b Decision) Decision {
	if a.rank() >= b.rank() {
		return a
	}
	return b
}

// rank returns 0 for the mildest decision and 2 for the strictest.
func (d Decision) rank() int {
	switch d {
	case DecisionAllow:
		return 0
	case DecisionDefer:
		return 1
	}
	return 2
}

// Finding is the decision of one rule, with its evidence.
type Finding struct {
	// Rule is the rule's id, "policy/rule". Kind is the kind of the rule: hours,
	// cap, cooldown, consent, list and others. It is "rank" if a cap keeps its
	// place for a touch of higher priority.
	Rule     string   `json:"rule"`
	Kind     string   `json:"kind,omitempty"`
	Decision Decision `json:"decision"`
	// Until is the first instant at which this rule alone would allow.
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason,omitempty"`
	// Count is how many contacts a cap has counted since Since. The cap allows
	// another one if they are fewer than Limit.
	Count int       `json:"count,omitempty"`
	Limit int       `json:"limit,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Evidence says where the proof is: of a consent, or of a register's check.
	Evidence string `json:"evidence,omitempty"`
	// Shadow is set if the rule is only recorded: it does not decide.
	Shadow bool `json:"shadow,omitempty"`
	// Excused is set if the rule's "unless" held, so that it does not bind.
	Excused bool `json:"excused,omitempty"`
}

// Verdict is the decision of all rules together about one leg at one instant.
type Verdict struct {
	Decision Decision `json:"decision"`
	// Until is set if the leg is deferred: the first instant at which all rules
	// would allow it if nothing else happens.
	Until time.Time `json:"until,omitzero"`
	// Rule is the rule that decided, and Kind its kind. If several rules are
	// equally strict, it is the first one.
	Rule    string    `json:"rule,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	Channel Channel   `json:"channel,omitempty"`
	At      time.Time `json:"at,omitzero"`
	// Policy is the hash of the policy documents, and Customer the version of
	// the customer's facts, from which the verdict was made.
	Policy   string    `json:"policy,omitempty"`
	Customer int64     `json:"customer_version,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
	// Obligations are what an allowed message must carry, for example an opt-out
	// text.
	Obligations []string `json:"duties,omitempty"`
}

// RefusedAs returns the final state of a touch that this verdict refuses:
// StateCapped if a cap or a cool-down decided, else StateRefused.
func (v *Verdict) RefusedAs() State {
	if v.Kind == "cap" || v.Kind == "cooldown" {
		return StateCapped
	}
	return StateRefused
}
