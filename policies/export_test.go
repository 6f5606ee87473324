package policies

import "touchgate.dev/policies/contactlog"

// AllowedNow is the first half of Evaluate alone: does every rule hold at q.Now?
func (s *Set) AllowedNow(q Question, log contactlog.Snapshot) bool {
	e := s.begin(&q, log)
	defer e.end()
	for _, r := range e.rules() {
		if !r.shadow && !e.hold(r, nil).Equal(e.t) {
			return false
		}
	}
	return true
}
