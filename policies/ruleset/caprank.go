package ruleset

import (
	"fmt"
	"slices"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// How soon a touch that waits for higher ones is evaluated again, at least and
// at most.
const (
	minRetry = time.Minute
	maxRetry = 15 * time.Minute
)

// competitor is a touch ahead as one cap sees it: the contact that it will be,
// and what it will ask of the log then.
type competitor struct {
	contactlog.Entry
	questions []contactlog.Question
	priority  int
}

// reservedPlace is room under the cap that must remain for a competitor after
// the touch being evaluated, and the competitors before that one, were counted.
type reservedPlace struct {
	contactlog.Question     // Limit is what is left of the cap's limit
	limit               int // of the cap
	due                 time.Time
	priority            int
}

// deferToHigher is satisfied if all touches of higher priority still fit when
// this one goes first. Otherwise this one is evaluated again when the first of
// them has had its turn, or soon, because one of them may end at any time.
func (c *capRule) deferToHigher(e *evaluation, r *rule, f *touch.Finding) answer {
	if !c.ranked || len(e.q.Ahead) == 0 {
		return satisfied
	}
	retry := notBefore(e.q.retryBehind(), e.now)
	if retry.ok {
		return satisfied
	}

	if len(e.q.Ahead) > MaxAhead {
		if f != nil {
			f.Kind = KindRank
			f.Reason = fmt.Sprintf("more than %d touches of higher priority wait", MaxAhead)
		}
		return retry
	}
	short := e.firstShort(e.reservedPlaces(r))
	if short == nil {
		return satisfied
	}
	if f != nil {
		f.Kind = KindRank
		f.Reason = fmt.Sprintf("the place is kept for a touch of priority %d that waits, due %s", short.priority, short.due.UTC().Format(time.RFC3339))
		f.Limit = short.limit
		f.Since = short.Since
	}
	return retry
}

// retryBehind is when a touch that waits for higher ones is evaluated again:
// when the first of those is due or, if one is due already, after an eighth of
// the time that this touch has waited. In any case it is before its own time
// runs out.
func (q *Question) retryBehind() time.Time {
	wait := maxRetry
	for i := range q.Ahead {
		due := q.Ahead[i].Due.Sub(q.Now)
		if due <= 0 {
			due = q.Now.Sub(q.Touch.AcceptedAt) / 8
		}
		wait = min(wait, max(due, minRetry))
	}
	if expires := q.Touch.ExpiresAt; expires != nil {
		wait = min(wait, max(expires.Sub(q.Now)/2, time.Second))
	}
	return q.Now.Add(wait)
}

// askPlacesAhead asks the log for the places of the touches ahead, too, so that
// it answers for all of them in the same step.
func (e *evaluation) askPlacesAhead(r *rule, asked []contactlog.Question) []contactlog.Question {
	if len(e.q.Ahead) > MaxAhead {
		return append(asked, contactlog.Question{Rule: r.id, Since: e.now}) // limit 0: always full
	}
	for _, place := range e.reservedPlaces(r) {
		asked = append(asked, place.Question)
	}
	return asked
}

// reservedPlaces are the places that the touch being evaluated must leave to
// those ahead of it: to each that would count its contact, at that one's time.
func (e *evaluation) reservedPlaces(r *rule) []reservedPlace {
	mine := *e.entry()
	mine.At = e.now
	mine.Kind = contactlog.Conversation
	var places []reservedPlace
	competitors := e.competitors(r)
	for i := range competitors {
		one := &competitors[i]
		for _, q := range one.questions {
			if !q.Counts(&mine) {
				continue
			}
			place := reservedPlace{Question: q, limit: q.Limit, due: one.At, priority: one.priority}
			place.Limit--
			for j := range competitors {
				before := &competitors[j]
				if i != j && !before.At.After(one.At) && q.Counts(&before.Entry) {
					place.Limit--
				}
			}
			places = append(places, place)
		}
	}
	return places
}

// competitors are the touches ahead that the rule binds and that have no
// reservation yet. Each is evaluated as it will be at its own time.
func (e *evaluation) competitors(r *rule) []competitor {
	var all []competitor
	for i := range e.q.Ahead {
		ahead := &e.q.Ahead[i]
		q := Question{Touch: ahead.Touch, Leg: ahead.Leg, Customer: e.q.Customer, Now: later(e.now, ahead.Due)}
		q.Address = touch.AddressOn(ahead.Touch.Plan[ahead.Leg].Channel, &ahead.Touch.Request, q.Customer)
		own := q.Entry()
		reserved := slices.ContainsFunc(e.log.Entries, func(entry contactlog.Entry) bool { return entry.ID == own.ID })
		if reserved || ahead.Touch.Expired(q.Now) {
			continue
		}
		own.Kind = contactlog.Conversation // it counts however far it will come
		if questions := e.set.capQuestionsOf(&q, r); len(questions) > 0 {
			all = append(all, competitor{Entry: own, questions: questions, priority: ahead.Touch.Priority})
		}
	}
	return all
}

// capQuestionsOf is what a question will ask of the log by one cap: nothing if
// the cap does not bind it or its contact is in no count.
func (s *Set) capQuestionsOf(q *Question, r *rule) []contactlog.Question {
	e := s.begin(q, contactlog.Snapshot{})
	defer e.end()
	if e.exemptedBy() != nil || !slices.Contains(e.rules(), r) {
		return nil
	}
	e.beginRule()
	if !e.applies(r) || e.excused(r, nil) || r.shadow || r.cap.nothing(e.scope) {
		return nil
	}
	return r.cap.ask(e, r, nil, nil)
}

// firstShort is the first of the places for which the log would have no room
// any more, or nil.
func (e *evaluation) firstShort(places []reservedPlace) *reservedPlace {
	own := e.entry().ID
	for i := range places {
		place := &places[i]
		n := place.Count(e.log.Entries)
		countsOwn := func(entry contactlog.Entry) bool { return entry.ID == own && place.Counts(&entry) }
		if slices.ContainsFunc(e.log.Entries, countsOwn) {
			n--
		}
		if n >= place.Limit {
			return place
		}
	}
	return nil
}
