package ruleset

import (
	"sync"
	"time"

	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// Set is a compiled set of policy documents. It never changes and is safe for
// concurrent use. The bank's own suppression list binds in every set, by the
// rule "touchgate/suppression".
type Set struct {
	hash          string
	documents     []*document
	rules         []*rule
	countOutcomes CountOutcomes
	base          *cond.ZoneSet // the customer's zones, by the options alone

	vocabulary *Vocabulary
	warnings   touch.Faults

	// What index works out.
	byScope   [cond.NumScopes][]*rule // the rules that may apply to a scope
	exempting []*rule                 // those that take contacts out of every count
	keep      time.Duration
	ranked    cond.ScopeSet // bound by a cap with start: ranked

	pool  sync.Pool // of *evaluation
	zones sync.Map  // name to *time.Location
}

// Hash names the content of the set: the same documents have the same hash,
// and no documents have "".
func (s *Set) Hash() string { return s.hash }

// Keep is how far back any rule looks into the contact log, plus a day of
// margin; 0 if no rule counts contacts.
func (s *Set) Keep() time.Duration { return s.keep }

// Warnings are what is doubtful about the documents, and, of stored ones, what
// would be a fault of new ones. They are sorted by file and line.
func (s *Set) Warnings() touch.Faults { return s.warnings }

// Rules are the ids of all rules, in the order of the documents.
func (s *Set) Rules() []string {
	ids := make([]string, len(s.rules))
	for i, r := range s.rules {
		ids[i] = r.id
	}
	return ids
}

// Binding are the ids of the rules that can decide, in the order of the
// documents: all but those of ours and those that are recorded only.
func (s *Set) Binding() []string {
	var ids []string
	for _, r := range s.rules {
		if !r.shadow && r.doc.name != ruleSetName {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// Ranks reports whether a rule evaluates the leg together with the touches
// ahead of it. Only then is Question.Ahead needed.
func (s *Set) Ranks(t *touch.Touch, leg int) bool {
	scope := cond.ScopeOf(t.Category, t.Plan[leg].Channel)
	return scope >= 0 && s.ranked.Has(scope)
}

// zone loads a time zone once; nil if there is none of this name.
func (s *Set) zone(name string) *time.Location {
	if zone, ok := s.zones.Load(name); ok {
		return zone.(*time.Location)
	}
	if name == "" || name == "Local" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil // not cached: names that callers invent must not fill the memory
	}
	s.zones.Store(name, zone)
	return zone
}
