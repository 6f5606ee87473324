package ruleset

import "touchgate.dev/policies/contactlog"

// AllowedNow is the first half of Evaluate alone: is every rule satisfied at
// q.Now?
func (s *Set) AllowedNow(q Question, log contactlog.Snapshot) bool {
	e := s.begin(&q, log)
	defer e.end()
	for _, r := range e.rules() {
		if !r.shadow && !e.evalRule(r, nil).ok {
			return false
		}
	}
	return true
}
