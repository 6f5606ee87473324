package policies

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// candidate is one question on its way through Reserve.
type candidate struct {
	index       int
	allowed     bool // by everything that needs no log
	needsLog    bool // a finding needs what the log holds
	uncounted   bool
	rechecked   bool // against the ledger, as to places pending for long
	ranked      bool // by a log that shows who of those ahead has a place
	reservation contactlog.Reservation
}

// Reserve answers, and an allowed verdict holds a place in the customer's log
// under the leg's dispatch id: settle it when the result is known. What needs
// no log is judged first; all caps of the rest are asked and reserved in one
// round trip, in the order of qs, so that two touches of one customer are
// judged one after the other. A question that a cap denies is judged again in
// full by the log that denied it, so that its findings and its until are
// complete. All questions of a batch are judged at their own Now, which should
// be the same.
func (g *Guard) Reserve(ctx context.Context, qs []Question) ([]touch.Verdict, error) {
	if len(qs) == 0 {
		return nil, nil
	}
	set, err := g.inUse()
	if err != nil {
		return nil, err
	}
	verdicts := make([]touch.Verdict, len(qs))
	var needLog []Question
	var waiting, looking []*candidate
	for i := range qs {
		c := &candidate{index: i}
		verdicts[i] = set.prepare(&qs[i], c, contactlog.Snapshot{})
		if c.needsLog {
			looking, needLog = append(looking, c), append(needLog, qs[i])
		}
		if c.allowed && !c.uncounted {
			waiting = append(waiting, c)
		}
	}
	if len(needLog) > 0 {
		logs, err := g.read(ctx, set, needLog)
		if err != nil {
			return nil, err
		}
		for _, c := range looking {
			verdicts[c.index] = set.Evaluate(qs[c.index], logs[qs[c.index].Touch.Customer])
			c.allowed = verdicts[c.index].Decision == touch.DecisionAllow
		}
		// What the log just read refuses asks for no place: a verdict that
		// says no must hold none.
		waiting = slices.DeleteFunc(waiting, func(c *candidate) bool { return !c.allowed })
	}
	return verdicts, g.reserve(ctx, set, qs, waiting, verdicts)
}

// prepare judges what needs no log and takes down what the log must answer. A
// log that was seen tells who of those ahead needs no place any more.
func (s *Set) prepare(q *Question, c *candidate, seen contactlog.Snapshot) touch.Verdict {
	e := s.begin(q, seen)
	defer e.end()
	e.asking = true
	v := e.verdict()
	c.allowed, c.uncounted = v.Decision == touch.DecisionAllow, e.takenOut() != nil
	c.needsLog = e.shadowCaps || (!c.allowed && len(e.asks) > 0)
	if c.allowed && !c.uncounted {
		c.reservation = contactlog.Reservation{Customer: q.Touch.Customer, Entry: *e.entry(), Questions: slices.Clone(e.asks), Keep: keepOf(s)}
	}
	return v
}

// reserve asks the log for all places at once, and again for those whose log
// had to be loaded first, or was denied while places had been pending for long.
func (g *Guard) reserve(ctx context.Context, set *Set, qs []Question, waiting []*candidate, verdicts []touch.Verdict) error {
	for round := 0; len(waiting) > 0; round++ {
		rs := make([]contactlog.Reservation, len(waiting))
		for i, c := range waiting {
			rs[i] = c.reservation
		}
		answers, err := g.log.Reserve(ctx, rs, qs[waiting[0].index].Now)
		if err != nil {
			return err
		}
		var again []*candidate
		var unknown []string
		places := map[string][]contactlog.Entry{}
		for i, c := range waiting {
			q := qs[c.index]
			switch a := answers[i]; {
			case a.Unknown:
				again, unknown = append(again, c), append(unknown, q.Touch.Customer)
			case !a.Admitted && !c.rechecked && len(stale(a.Entries, q.Now)) > 0:
				c.rechecked = true
				again, places[q.Touch.Customer] = append(again, c), stale(a.Entries, q.Now)
			case !a.Admitted && !c.ranked && len(q.Ahead) > 0:
				c.ranked = true
				set.prepare(&q, c, contactlog.Snapshot{Known: true, Entries: a.Entries})
				again = append(again, c)
			case !a.Admitted:
				v := set.Evaluate(q, contactlog.Snapshot{Known: true, Entries: a.Entries})
				if v.Decision == touch.DecisionAllow {
					v = postponed(v, c.reservation.Questions, a.Denied, q.Now)
				}
				verdicts[c.index] = v
			}
		}
		if waiting = again; len(waiting) == 0 {
			return nil
		}
		now := qs[waiting[0].index].Now
		if err := g.recheck(ctx, set, places, now); err != nil {
			return err
		}
		if len(unknown) == 0 {
			continue
		}
		if round >= maxRounds {
			return errUnknown(len(waiting))
		}
		slices.Sort(unknown)
		if err := g.load(ctx, set, slices.Compact(unknown), now); err != nil {
			return err
		}
	}
	return nil
}

// postponed turns an allow into a short wait: the log denied what its own
// entries would allow, which only happens when the two count differently. The
// denial stands.
func postponed(v touch.Verdict, asks []contactlog.Question, denied int, now time.Time) touch.Verdict {
	v.Decision, v.Kind, v.Until = touch.DecisionDefer, "cap", now.Add(time.Minute)
	v.Rule = "touchgate/contact-log"
	if denied < len(asks) {
		v.Rule = asks[denied].Rule
	}
	v.Findings = append(v.Findings, touch.Finding{Rule: v.Rule, Kind: v.Kind, Decision: v.Decision, Until: v.Until, Reason: "the contact log gave no place"})
	return v
}
