package sqlstore

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// deadLetterRow is a touch that was dead-lettered, and when.
type deadLetterRow struct{ seq, at int64 }

var insertDeadLetters = sqldb.NewInsert("dead", sqldb.Columns[deadLetterRow]{
	sqldb.Int("seq", func(r deadLetterRow) int64 { return r.seq }),
	sqldb.Int("at", func(r deadLetterRow) int64 { return r.at }),
}, "(seq) DO UPDATE SET at = excluded.at", "")

// saveDeadLetters remembers which touches were put aside.
func (t *tx) saveDeadLetters(transitions []ledger.Transition) {
	var dead []deadLetterRow
	for i := range transitions {
		if transitions[i].To == touch.StateDead {
			dead = append(dead, deadLetterRow{seq: transitions[i].Seq, at: micros(t.core.now())})
		}
	}
	insert(&t.conn, insertDeadLetters, dead)
}

// deadLetterConditions is the condition of a filter over dead d, touches t, campaigns c
// and progress p.
func deadLetterConditions(f *ledger.DeadLetterFilter) conditions {
	var q conditions
	q.add("p.state = %s", string(touch.StateDead))
	q.add("d.seq > %s", f.After)
	if !f.Touch.IsZero() {
		q.add("t.id = %s", f.Touch[:])
	}
	if f.Caller != "" {
		q.add("c.caller = %s", f.Caller)
	}
	if f.Campaign != "" {
		q.add("c.name = %s", f.Campaign)
	}
	if f.Reason != "" {
		q.add("p.reason = %s", f.Reason)
	}
	if f.Channel != "" {
		q.add("(p.lane = %s OR p.lane = %s)", touch.Lane(f.Channel, true), touch.Lane(f.Channel, false))
	}
	if !f.Since.IsZero() {
		q.add("d.at >= %s", micros(f.Since))
	}
	return q
}

const fromDeadLetters = ` FROM dead d JOIN progress p ON p.seq = d.seq JOIN touches t ON t.seq = d.seq JOIN campaigns c ON c.no = t.campaign`

// deadLetterPage gives the touches that a filter selects, when they were put aside,
// and the cursor to go on from.
func (c *conn) deadLetterPage(f *ledger.DeadLetterFilter) (seqs []int64, at map[int64]int64, next int64, err error) {
	limit := clampLimit(f.Limit, 100, touch.MaxBatch)
	q := deadLetterConditions(f)
	at = map[int64]int64{}
	err = c.each(func(rows sqldb.Rows) error {
		var seq, when int64
		err := rows.Scan(&seq, &when)
		seqs, at[seq] = append(seqs, seq), when
		return err
	}, `SELECT d.seq, d.at`+fromDeadLetters+q.where()+fmt.Sprintf(` ORDER BY d.seq LIMIT %d`, limit+1), q.args...)
	if len(seqs) > limit {
		seqs = seqs[:limit]
		next = seqs[limit-1]
	}
	return seqs, at, next, err
}

// List implements ledger.DeadLetters.
func (s deadLetterStore) List(ctx context.Context, f ledger.DeadLetterFilter) (found []ledger.DeadLetter, next int64, err error) {
	err = s.readTx(ctx, func(c *conn) error {
		seqs, at, after, err := c.deadLetterPage(&f)
		if err != nil || len(seqs) == 0 {
			return err
		}
		next = after
		var q conditions
		q.parts, q.args = []string{c.in("t.seq", 1, sqldb.Integer)}, []any{c.array(seqs)}
		views, _, err := c.views(q, len(seqs))
		for i := range views {
			p := &views[i].Progress
			found = append(found, ledger.DeadLetter{TouchView: views[i], At: fromMicros(at[p.Seq]), Sent: p.MayBeSent()})
		}
		return err
	})
	return found, next, err
}

// Redrive implements ledger.DeadLetters.
func (s deadLetterStore) Redrive(ctx context.Context, f ledger.DeadLetterFilter, dry bool, actor string, now time.Time) (n ledger.Redriven, next int64, err error) {
	if dry {
		err = s.readTx(ctx, func(c *conn) (err error) {
			n, next, err = c.redrivable(&f, now)
			return err
		})
		return n, next, err
	}
	err = s.update(ctx, func(t *tx) (err error) {
		n, next, err = t.redrive(&f, actor, now)
		return err
	})
	return n, next, err
}

// redrivable counts what redrive would make of one page of touches.
func (c *conn) redrivable(f *ledger.DeadLetterFilter, now time.Time) (n ledger.Redriven, next int64, err error) {
	seqs, _, next, err := c.deadLetterPage(f)
	if err != nil {
		return n, next, err
	}
	rows, err := c.load(seqs, false)
	if err != nil {
		return n, next, err
	}
	touches, err := c.touches(seqs)
	for seq, t := range touches {
		moved, _ := ledger.Redrive(rows[seq].Progress, t, "", now)
		countRedriven(&n, moved.State)
	}
	return n, next, err
}

// redrive moves one page of touches.
func (t *tx) redrive(f *ledger.DeadLetterFilter, actor string, now time.Time) (n ledger.Redriven, next int64, err error) {
	seqs, _, next, err := t.deadLetterPage(f)
	if err != nil || len(seqs) == 0 {
		return n, next, err
	}
	touches, err := t.touches(seqs)
	if err != nil {
		return n, next, err
	}
	ms := newTransitionSet(t)
	became := make(map[int64]touch.State, len(seqs))
	for _, seq := range seqs {
		ms.add(seq, func(cur ledger.Progress) (ledger.Progress, []touch.Event) {
			next, events := ledger.Redrive(cur, touches[seq], actor, now)
			if became[seq] = next.State; cur.State != touch.StateDead {
				became[seq] = "" // somebody was faster
			}
			return next, events
		})
	}
	if err := ms.apply(); err != nil {
		return n, next, err
	}
	var gone []int64
	for _, seq := range seqs {
		countRedriven(&n, became[seq])
		if became[seq] != touch.StateDead {
			gone = append(gone, seq)
		}
	}
	if len(gone) == 0 {
		return n, next, nil
	}
	if _, err := t.exec(`DELETE FROM dead WHERE `+t.in("seq", 1, sqldb.Integer), t.array(gone)); err != nil {
		return n, next, err
	}
	_, err = t.log([]touch.Event{{
		Kind: touch.EventControl, At: now, Actor: actor, Caller: f.Caller, Campaign: f.Campaign, Channel: f.Channel,
		Reason: fmt.Sprintf("redrive: %d due, %d asked", n.Due, n.Asked),
	}})
	return n, next, err
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
