package policies

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// candidate is one question on its way through Reserve.
type candidate struct {
	index       int // of the question
	reservation contactlog.Reservation
	rechecked   bool // its old pending reservations were compared with the ledger
	ranked      bool // prepared again, with a log that shows who ahead has a reservation
}

// Reserve answers the questions. An allowed verdict holds a reservation in the
// customer's log under the leg's dispatch id: settle it when the result is
// known.
//
// Everything that needs no log is evaluated first. The caps of the rest are
// asked and reserved in one round trip, in the order of qs, so that two touches
// of one customer are evaluated one after the other. A question that a cap
// denies is evaluated again in full with the log that denied it, so that its
// findings and its "until" are complete. All questions of a batch should have
// the same Now.
func (g *Guard) Reserve(ctx context.Context, qs []Question) ([]touch.Verdict, error) {
	if len(qs) == 0 {
		return nil, nil
	}
	set, err := g.activeSet()
	if err != nil {
		return nil, err
	}

	verdicts := make([]touch.Verdict, len(qs))
	var candidates []*candidate
	var needLog []int // questions whose findings depend on the log
	for i := range qs {
		p := set.Prepare(&qs[i], contactlog.Snapshot{})
		verdicts[i] = p.Verdict
		if p.NeedsLog {
			needLog = append(needLog, i)
		}
		if p.Verdict.Decision == touch.DecisionAllow && !p.Exempt {
			candidates = append(candidates, &candidate{index: i, reservation: reservationOf(set, &qs[i], p)})
		}
	}
	if len(needLog) > 0 {
		if err := g.evaluateWithLogs(ctx, set, qs, needLog, verdicts); err != nil {
			return nil, err
		}
		// A verdict that says no must hold no reservation.
		candidates = slices.DeleteFunc(candidates, func(c *candidate) bool {
			return verdicts[c.index].Decision != touch.DecisionAllow
		})
	}
	return verdicts, g.reserve(ctx, set, qs, candidates, verdicts)
}

func reservationOf(set *ruleset.Set, q *Question, p ruleset.Prepared) contactlog.Reservation {
	return contactlog.Reservation{Customer: q.Touch.Customer, Entry: p.Entry, Questions: p.Caps, Keep: keepFor(set)}
}

// evaluateWithLogs evaluates some of the questions in full.
func (g *Guard) evaluateWithLogs(ctx context.Context, set *ruleset.Set, qs []Question, some []int, verdicts []touch.Verdict) error {
	asked := make([]Question, len(some))
	for k, i := range some {
		asked[k] = qs[i]
	}
	logs, err := g.readLogs(ctx, set, asked)
	if err != nil {
		return err
	}
	for _, i := range some {
		verdicts[i] = set.Evaluate(qs[i], logs[qs[i].Touch.Customer])
	}
	return nil
}

// reserve asks the log for all reservations at once. It asks again for those
// whose log had to be loaded first, and for those that were denied but have a
// second chance, see deny.
func (g *Guard) reserve(ctx context.Context, set *ruleset.Set, qs []Question, candidates []*candidate, verdicts []touch.Verdict) error {
	for round := 0; len(candidates) > 0; round++ {
		reservations := make([]contactlog.Reservation, len(candidates))
		for i, c := range candidates {
			reservations[i] = c.reservation
		}
		now := qs[candidates[0].index].Now
		answers, err := g.log.Reserve(ctx, reservations, now)
		if err != nil {
			return err
		}

		var again []*candidate
		var unknown []string
		stale := map[string][]contactlog.Entry{}
		for i, c := range candidates {
			q := &qs[c.index]
			switch a := &answers[i]; {
			case a.Unknown:
				again = append(again, c)
				unknown = append(unknown, q.Touch.Customer)
			case !a.Admitted && secondChance(set, c, q, a, stale):
				again = append(again, c)
			case !a.Admitted:
				verdicts[c.index] = deniedVerdict(set, c, q, a)
			}
		}

		candidates = again
		if err := g.recheck(ctx, set, stale, now); err != nil {
			return err
		}
		if len(unknown) == 0 {
			continue
		}
		if round >= maxRounds {
			return errUnknownLogs(len(candidates))
		}
		slices.Sort(unknown)
		if err := g.loadLogs(ctx, set, slices.Compact(unknown), now); err != nil {
			return err
		}
	}
	return nil
}

// secondChance reports whether a denied candidate should be asked again. There
// are two reasons, each used once. Its log holds reservations that have been
// pending for too long: the ledger may know better, so they are added to stale.
// Or touches ahead of it may have their reservation by now, which needs no
// second place.
func secondChance(set *ruleset.Set, c *candidate, q *Question, a *contactlog.Answer, stale map[string][]contactlog.Entry) bool {
	if !c.rechecked {
		if old := stalePending(a.Entries, q.Now); len(old) > 0 {
			c.rechecked = true
			stale[q.Touch.Customer] = old
			return true
		}
	}
	if !c.ranked && len(q.Ahead) > 0 {
		c.ranked = true
		p := set.Prepare(q, contactlog.Snapshot{Known: true, Entries: a.Entries})
		if p.Verdict.Decision == touch.DecisionAllow && !p.Exempt {
			c.reservation = reservationOf(set, q, p)
		}
		return true
	}
	return false
}

// deniedVerdict is the verdict on a question that the log denied.
func deniedVerdict(set *ruleset.Set, c *candidate, q *Question, a *contactlog.Answer) touch.Verdict {
	v := set.Evaluate(*q, contactlog.Snapshot{Known: true, Entries: a.Entries})
	if v.Decision == touch.DecisionAllow {
		return postponed(v, c.reservation.Questions, a.Denied, q.Now)
	}
	return v
}

// postponed turns an allow into a short wait: the log denied what its own
// entries would allow, which only happens if the two count differently. The
// denial wins.
func postponed(v touch.Verdict, asked []contactlog.Question, denied int, now time.Time) touch.Verdict {
	v.Decision = touch.DecisionDefer
	v.Kind = "cap"
	v.Until = now.Add(time.Minute)
	v.Rule = "touchgate/contact-log"
	if denied < len(asked) {
		v.Rule = asked[denied].Rule
	}
	v.Findings = append(v.Findings, touch.Finding{
		Rule: v.Rule, Kind: v.Kind, Decision: v.Decision, Until: v.Until, Reason: "the contact log gave no place",
	})
	return v
}
