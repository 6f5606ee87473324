package policies

import (
	"fmt"
	"slices"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Ahead is a touch of a question's customer that is to be sent still and has a
// higher priority: caps with `start: ranked` keep a place for it.
type Ahead struct {
	Touch *touch.Touch
	Leg   int
	Due   time.Time // zero: now
}

// MaxAhead is how many touches ahead are looked at one by one. Before a touch
// with more of them ahead, every ranked cap that counts stands closed.
const MaxAhead = 16

// How soon a touch that stands back is judged again, at the least and the most.
const (
	backSoon = time.Minute
	backLate = 15 * time.Minute
)

// KindRank is the kind of a cap's finding that a touch stands back.
const KindRank = "rank"

// rival is a touch ahead as one cap sees it: the contact that it will be, and
// what it will ask of the log then.
type rival struct {
	contactlog.Entry
	asks     []contactlog.Question
	priority int
}

// kept is a place that a rival must find: fewer contacts than Limit, when the
// touch being judged and those that go before the rival have theirs.
type kept struct {
	contactlog.Question
	limit    int // of the cap
	due      time.Time
	priority int
}

// rivals are the touches ahead that the rule binds and that hold no place yet.
// Each is judged as it will be at its own time.
func (e *evaluation) rivals(r *rule) (all []rival) {
	for i := range e.q.Ahead {
		a := &e.q.Ahead[i]
		q := Question{Touch: a.Touch, Leg: a.Leg, Customer: e.q.Customer, Now: later(e.t, a.Due)}
		q.Address = touch.AddressOn(a.Touch.Plan[a.Leg].Channel, &a.Touch.Request, q.Customer)
		own := EntryOf(q)
		if a.Touch.Expired(q.Now) || slices.ContainsFunc(e.log.Entries, func(has contactlog.Entry) bool { return has.ID == own.ID }) {
			continue
		}
		own.Kind = contactlog.Conversation // however far it comes
		if asks := e.set.asksOf(&q, r); len(asks) > 0 {
			all = append(all, rival{own, asks, a.Touch.Priority})
		}
	}
	return all
}

// asksOf is what a question will ask of the log by one rule: nothing where the
// rule does not bind it or its contact is not counted.
func (s *Set) asksOf(q *Question, r *rule) []contactlog.Question {
	e := s.begin(q, contactlog.Snapshot{})
	defer e.end()
	e.asking = true
	if e.takenOut() != nil || !slices.Contains(e.rules(), r) {
		return nil
	}
	e.hold(r, nil)
	return slices.Clone(e.asks)
}

// kept are the places that the touch being judged must leave to those ahead of
// it: of each that would count its contact, at that one's own time.
func (e *evaluation) kept(r *rule) (all []kept) {
	mine := *e.entry()
	mine.At, mine.Kind = e.t, contactlog.Conversation
	rivals := e.rivals(r)
	for i := range rivals {
		one := &rivals[i]
		for _, q := range one.asks {
			if !q.Counts(&mine) {
				continue
			}
			k := kept{q, q.Limit, one.At, one.priority}
			k.Limit--
			for j := range rivals {
				if other := &rivals[j]; i != j && !other.At.After(one.At) && q.Counts(&other.Entry) {
					k.Limit--
				}
			}
			all = append(all, k)
		}
	}
	return all
}

// yield says from when on the touch need not stand back for those ahead of it:
// e.t itself when all of them still fit. Otherwise it is looked at again when
// the first of them has had its turn, or soon, for one may end at any time.
func (l *limits) yield(e *evaluation, r *rule, f *touch.Finding) time.Time {
	if !l.ranked || len(e.q.Ahead) == 0 {
		return e.t
	}
	again := e.q.standBack()
	if !e.t.Before(again) {
		return e.t
	}
	reason := ""
	if len(e.q.Ahead) > MaxAhead {
		reason = fmt.Sprintf("more than %d touches of higher priority wait", MaxAhead)
	} else if k := e.missing(e.kept(r)); k != nil {
		reason = fmt.Sprintf("the place is kept for a touch of priority %d that waits, due %s", k.priority, k.due.UTC().Format(time.RFC3339))
		if f != nil {
			f.Limit, f.Since = k.limit, k.Since
		}
	}
	if reason == "" {
		return e.t
	}
	if f != nil {
		f.Kind, f.Reason = KindRank, reason
	}
	return again
}

// missing is the first of the places that the log would no longer have.
func (e *evaluation) missing(all []kept) *kept {
	for i := range all {
		n := all[i].Count(e.log.Entries)
		if slices.ContainsFunc(e.log.Entries, func(has contactlog.Entry) bool { return has.ID == e.id() && all[i].Counts(&has) }) {
			n--
		}
		if n >= all[i].Limit {
			return &all[i]
		}
	}
	return nil
}

// standBack is when a touch that stands back is judged again: when the first of
// those ahead is due or, where one is due already, after an eighth of the time
// that it has waited; before its own time runs out in any case.
func (q *Question) standBack() time.Time {
	wait := backLate
	for i := range q.Ahead {
		due := q.Ahead[i].Due.Sub(q.Now)
		if due <= 0 {
			due = q.Now.Sub(q.Touch.AcceptedAt) / 8
		}
		wait = min(wait, max(due, backSoon))
	}
	if exp := q.Touch.ExpiresAt; exp != nil {
		wait = min(wait, max(exp.Sub(q.Now)/2, time.Second))
	}
	return q.Now.Add(wait)
}

// Ranks reports whether a rule of the set in use judges the leg together with
// the touches ahead of it: only then are Question.Ahead needed.
func (g *Guard) Ranks(t *touch.Touch, leg int) bool {
	set := g.set.Load()
	pair := pairOf(t.Category, t.Plan[leg].Channel)
	return set != nil && pair >= 0 && set.ranked.has(pair)
}
