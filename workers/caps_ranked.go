package workers

import (
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/ruleset"
)

// maxPriority is the highest priority: no touch goes before one that has it.
const maxPriority = 9

// addHigherPriority adds to the questions the waiting touches of the same
// customer that have a higher priority. A cap may have to keep room for them.
// They are read in one query for all customers whom a rule judges by priority.
//
// A touch under a kill switch is left out, because it cannot be sent soon: it
// must not take room from one that can. Touches of paused campaigns are not
// returned by the ledger.
func (g judge) addHigherPriority(ctx context.Context, control *ledger.Control, questions []policies.Question) error {
	var ranked []*policies.Question
	var customers []string
	lowest := maxPriority
	for i := range questions {
		q := &questions[i]
		if q.Touch.Priority < maxPriority && g.guard.Ranks(q.Touch, q.Leg) {
			ranked = append(ranked, q)
			customers = append(customers, q.Touch.Customer)
			lowest = min(lowest, q.Touch.Priority)
		}
	}
	if len(ranked) == 0 {
		return nil
	}

	slices.Sort(customers)
	waiting, err := g.touches.PendingOf(ctx, slices.Compact(customers), lowest, ruleset.MaxAhead+1)
	if err != nil {
		return err
	}

	for _, q := range ranked {
		all := waiting[q.Touch.Customer]
		// There may be more than were read. Then the stopped ones are counted
		// too, which is the strict side.
		incomplete := len(all) > ruleset.MaxAhead
		for i := range all {
			v := &all[i]
			if v.Touch.Priority > q.Touch.Priority && (incomplete || !underKillSwitch(control, v, q)) {
				q.Ahead = append(q.Ahead, policies.Ahead{Touch: &v.Touch, Leg: v.Progress.Leg, Due: v.Progress.Due})
			}
		}
	}
	return nil
}

// underKillSwitch reports whether a kill switch stops a waiting touch.
func underKillSwitch(control *ledger.Control, v *ledger.TouchView, q *policies.Question) bool {
	channel := v.Touch.Plan[v.Progress.Leg].Channel
	return slices.ContainsFunc(control.KillSwitches, func(s ledger.KillSwitch) bool {
		return s.Provider == "" && s.Matches(&v.Touch, channel, q.Now)
	})
}
