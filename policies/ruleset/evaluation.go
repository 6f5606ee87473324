package ruleset

import (
	"time"

	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/contactlog"
)

// evaluation is the working memory for one question. One goroutine uses it at
// a time, and it then returns to the set's pool.
type evaluation struct {
	facts
	set        *Set
	scope      int // of the leg; -1 if its category or channel is unknown
	log        contactlog.Snapshot
	conditions *cond.Evaluator

	// trace collects when the answer of the rule being evaluated may change.
	trace cond.Trace

	own     contactlog.Entry // the question's own contact, once it was asked for
	classes logClasses
	times   []int64      // scratch space of count
	asked   capQuestions // scratch space of Prepare
}

func newEvaluation(s *Set, conditions, zoneSets int) *evaluation {
	e := &evaluation{set: s, conditions: cond.NewEvaluator(conditions)}
	e.vocabulary = s.vocabulary
	e.bySlot = make([]slotTimes, zoneSets)
	return e
}

// begin takes an evaluation from the pool. Call end afterwards.
func (s *Set) begin(q *Question, log contactlog.Snapshot) *evaluation {
	e := s.pool.Get().(*evaluation)
	e.q = q
	e.leg = &q.Touch.Plan[q.Leg]
	e.log = log
	e.scope = cond.ScopeOf(q.Touch.Category, e.leg.Channel)
	e.own = contactlog.Entry{}
	e.residence.read = false
	e.classes.known = false
	e.asked.reset()
	e.readTexts()
	e.conditions.Begin(&e.facts, e.scope)

	e.customer = e.customer[:0]
	if q.Customer != nil {
		for _, name := range q.Customer.Zones {
			zone := s.zone(name)
			if zone == nil { // an unknown name: then nothing is known
				e.customer = e.customer[:0]
				break
			}
			e.customer = append(e.customer, zone)
		}
	}
	e.at(q.Now)
	return e
}

func (e *evaluation) end() {
	e.q = nil
	e.leg = nil
	e.log = contactlog.Snapshot{}
	e.set.pool.Put(e)
}

// at moves to another instant.
func (e *evaluation) at(t time.Time) {
	e.now = t
	e.tick++
	e.conditions.At(t)
	e.trace.Now = t
}

// entry is the contact that the question is about.
func (e *evaluation) entry() *contactlog.Entry {
	if e.own.ID == "" {
		e.own = e.q.Entry()
	}
	return &e.own
}

// rules are those that may apply to the leg.
func (e *evaluation) rules() []*rule {
	if e.scope < 0 {
		return e.set.rules
	}
	return e.set.byScope[e.scope]
}

// condition evaluates one condition. The instant at which its value may change
// goes into the trace of the rule.
func (e *evaluation) condition(c *cond.Condition) *cond.Result {
	result := e.conditions.Evaluate(c)
	if !result.Change.IsZero() {
		e.trace.Note(result.Change)
	}
	if result.Uncovered != nil {
		e.trace.Uncovered = result.Uncovered
	}
	return result
}

// beginRule forgets what the answer of the rule before rested on.
func (e *evaluation) beginRule() {
	e.trace.Change = time.Time{}
	e.trace.Uncovered = nil
}
