package sqlstore

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Redrive implements ledger.DeadLetters.
func (s deadLetterStore) Redrive(
	ctx context.Context, f ledger.DeadLetterFilter, dry bool, actor string, now time.Time,
) (n ledger.Redriven, next int64, err error) {
	if dry {
		err = s.readTx(ctx, func(c *conn) (err error) {
			n, next, err = c.countRedrivable(&f, now)
			return err
		})
		return n, next, err
	}
	err = s.update(ctx, func(t *tx) (err error) {
		n, next, err = redrive(t, &f, actor, now)
		return err
	})
	return n, next, err
}

// countRedrivable counts what redrive would do to one page of dead letters.
func (c *conn) countRedrivable(
	f *ledger.DeadLetterFilter, now time.Time,
) (n ledger.Redriven, next int64, err error) {
	page, err := c.deadLetterPage(f)
	if err != nil {
		return n, 0, err
	}
	rows, err := c.load(page.seqs, false)
	if err != nil {
		return n, 0, err
	}
	touches, err := c.touches(page.seqs)
	for seq, t := range touches {
		moved, _ := ledger.Redrive(rows[seq].Progress, t, "", now)
		countRedriven(&n, moved.State)
	}
	return n, page.next, err
}

// redrive moves one page of dead letters.
func redrive(
	t *tx, f *ledger.DeadLetterFilter, actor string, now time.Time,
) (n ledger.Redriven, next int64, err error) {
	page, err := t.deadLetterPage(f)
	if err != nil || len(page.seqs) == 0 {
		return n, 0, err
	}
	touches, err := t.touches(page.seqs)
	if err != nil {
		return n, 0, err
	}

	became := make(map[int64]touch.State, len(page.seqs))
	ts := newTransitionSet(t)
	for _, seq := range page.seqs {
		ts.add(seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			next, events := ledger.Redrive(cur, touches[seq], actor, now)
			became[seq] = next.State
			if cur.State != touch.StateDead {
				became[seq] = "" // another transaction was first: it is not counted
			}
			return next, events
		})
	}
	if err := ts.apply(); err != nil {
		return n, page.next, err
	}

	var redriven []int64
	for _, seq := range page.seqs {
		countRedriven(&n, became[seq])
		if became[seq] != touch.StateDead {
			redriven = append(redriven, seq)
		}
	}
	if len(redriven) == 0 {
		return n, page.next, nil
	}
	if _, err := t.exec(`DELETE FROM dead WHERE `+t.in("seq", 1, sqldb.Integer), t.array(redriven)); err != nil {
		return n, page.next, err
	}
	_, err = t.log([]touch.Event{{
		Kind: touch.EventControl, At: now, Actor: actor, Caller: f.Caller, Campaign: f.Campaign, Channel: f.Channel,
		Reason: fmt.Sprintf("redrive: %d due, %d asked", n.Due, n.Asked),
	}})
	return n, page.next, err
}

func countRedriven(n *ledger.Redriven, became touch.State) {
	switch became {
	case touch.StateDue:
		n.Due++
	case touch.StateUnknown:
		n.Asked++
	case touch.StateDead:
		n.Expired++
	}
}
