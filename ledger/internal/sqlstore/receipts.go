package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Receive implements ledger.Receipts.
func (s receiptStore) Receive(
	ctx context.Context, receipts []touch.Receipt, now time.Time,
) ([]ledger.AppliedReceipt, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	var answers []ledger.AppliedReceipt
	var unmatched [][]byte
	err := s.update(ctx, func(t *tx) error {
		targets, err := t.matchReceipts(receipts)
		if err != nil {
			return err
		}
		if answers, err = t.applyReceipts(receipts, targets, now); err != nil {
			return err
		}
		unmatched, err = t.saveUnmatched(receipts, targets, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A vendor's id can have become known after it was looked up above.
	return answers, s.applyUnmatched(ctx, unmatched, now)
}

// applyReceipts applies the receipts that have a target. The answers are in the
// order of the receipts.
func (t *tx) applyReceipts(
	receipts []touch.Receipt, targets []receiptTarget, now time.Time,
) ([]ledger.AppliedReceipt, error) {
	answers := make([]ledger.AppliedReceipt, len(receipts))
	var seqs []int64
	for _, target := range targets {
		if target.seq != 0 {
			seqs = append(seqs, target.seq)
		}
	}
	if len(seqs) == 0 {
		return answers, nil
	}
	touches, err := t.touches(sortedSet(seqs))
	if err != nil {
		return nil, err
	}

	ts := newTransitionSet(t)
	for i, target := range targets {
		tc := touches[target.seq]
		if tc == nil {
			continue
		}
		ts.add(target.seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			if !target.proven && !ledger.MayReport(cur, tc, target.leg, receipts[i].Provider) {
				answers[i] = ledger.AppliedReceipt{Foreign: true}
				return cur, nil
			}
			next, events := ledger.ApplyReceipt(cur, tc, target.leg, receipts[i], now)
			answers[i] = ledger.AppliedReceipt{
				Known: true, Changed: next.Version != cur.Version, Touch: *tc, Leg: target.leg, Before: cur, After: next,
			}
			return next, events
		})
	}
	if err := ts.apply(); err != nil {
		return nil, err
	}
	return answers, t.saveOutcomes(ts, touches)
}

// saveOutcomes adds the outcomes of contacts to the customers.
func (t *tx) saveOutcomes(ts *transitionSet, touches map[int64]*touch.Touch) error {
	facts := map[string]*customerFacts{}
	for seq, tr := range ts.bySeq {
		tc := touches[seq]
		for i := range tr.events {
			e := &tr.events[i]
			if e.Kind != touch.EventOutcome || e.Outcome == "" {
				continue
			}
			f := facts[tc.Customer]
			if f == nil {
				f = &customerFacts{logged: true}
				facts[tc.Customer] = f
			}
			f.addOutcome(tc, e)
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return t.changeCustomers(facts, "")
}

// addOutcome adds the outcome that an event reports.
func (f *customerFacts) addOutcome(tc *touch.Touch, e *touch.Event) {
	p := pastContact(tc, ledger.Contact{Leg: e.Leg, Channel: e.Channel})
	o := touch.Outcome{
		Kind: e.Outcome, At: e.At, Channel: e.Channel, Category: tc.Category, Subject: tc.Subject, Campaign: tc.Campaign,
		Caller: tc.Caller, Template: p.Template, Address: p.Address, Touch: tc.ID,
	}
	f.outcomes = append(f.outcomes, o)
	f.revokeBy(&o, "receipt of "+touch.DispatchID(tc.ID, e.Leg))
}
