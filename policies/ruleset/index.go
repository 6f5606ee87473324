package ruleset

import "time"

// index prepares the set for evaluation, once all rules are read.
func (s *Set) index(conditions, zoneSets int) {
	for _, r := range s.rules {
		for scope := range s.byScope {
			if r.scopes().Has(scope) {
				s.byScope[scope] = append(s.byScope[scope], r)
			}
		}
		switch check := r.check.(type) {
		case exempt:
			s.exempting = append(s.exempting, r)
		case *capRule:
			if check.ranked {
				s.ranked |= r.scopes()
			}
			for _, limit := range check.limits {
				s.keep = max(s.keep, limit.per.Max()+24*time.Hour)
			}
		}
	}
	s.pool.New = func() any { return newEvaluation(s, conditions, zoneSets) }
}
