package workers

import (
	"context"
	"slices"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
)

// addHigherPriority adds to the questions the touches of their customers that wait and have
// a higher priority, read at once for all whom a rule judges by rank. What an
// emergency stop holds back waits for no place, as what a paused campaign holds.
func (b *batch) addHigherPriority(ctx context.Context, control *ledger.Control, questions []policies.Question) error {
	var ranked []*policies.Question
	var customers []string
	lowest := maxPriority
	for i := range questions {
		q := &questions[i]
		if q.Touch.Priority < maxPriority && b.d.o.Guard.Ranks(q.Touch, q.Leg) {
			ranked, customers = append(ranked, q), append(customers, q.Touch.Customer)
			lowest = min(lowest, q.Touch.Priority)
		}
	}
	if len(ranked) == 0 {
		return nil
	}
	slices.Sort(customers)
	waiting, err := b.d.o.Ledger.Touches.PendingOf(ctx, slices.Compact(customers), lowest, policies.MaxAhead+1)
	if err != nil {
		return err
	}
	for _, q := range ranked {
		all := waiting[q.Touch.Customer]
		many := len(all) > policies.MaxAhead // there may be more that nobody has looked at
		for i := range all {
			v := &all[i]
			if v.Touch.Priority > q.Touch.Priority && (many || !held(control, v, q)) {
				q.Ahead = append(q.Ahead, policies.Ahead{Touch: &v.Touch, Leg: v.Progress.Leg, Due: v.Progress.Due})
			}
		}
	}
	return nil
}

// maxPriority is the highest there is: nothing goes before it.
const maxPriority = 9

// held reports whether an emergency stop holds a waiting touch back.
func held(control *ledger.Control, v *ledger.TouchView, q *policies.Question) bool {
	channel := v.Touch.Plan[v.Progress.Leg].Channel
	return slices.ContainsFunc(control.KillSwitches, func(s ledger.KillSwitch) bool {
		return s.Provider == "" && s.Matches(&v.Touch, channel, q.Now)
	})
}
