package policies

import (
	"fmt"

	"touchgate.dev/policies/contactlog"
)

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

// JudgeBothWays compiles a condition and gives what judges it, as ever and by
// CEL alone; share is 0 when nothing of it is plain, 1 for a part, 2 for all.
func JudgeBothWays(text string) (judge func(q Question) (ours, theirs string), share int, err error) {
	l, err := newLanguage()
	if err != nil {
		return nil, 0, err
	}
	c, problems := l.compile(text, clock{})
	if len(problems) > 0 {
		return nil, 0, fmt.Errorf("%v", problems)
	}
	if len(c.plain.terms) > 0 {
		share = 1
	}
	if c.plain.whole {
		share = 2
	}
	set, err := Compile(nil, Options{})
	if err != nil {
		return nil, 0, err
	}
	return func(q Question) (string, string) {
		e := set.begin(&q, contactlog.Snapshot{})
		defer e.end()
		byCEL := *c
		byCEL.plain = plain{}
		names := [...]string{no: "no", yes: "yes", doubt: "in doubt"}
		return names[e.run(c)], names[e.run(&byCEL)]
	}, share, nil
}
