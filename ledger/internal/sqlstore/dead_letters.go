package sqlstore

import (
	"context"
	"fmt"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// deadLetterRow says when a touch was dead-lettered. The row may outlive that
// state, so the state of the progress decides.
type deadLetterRow struct{ seq, at int64 }

var insertDeadLetters = sqldb.NewInsert("dead", sqldb.Columns[deadLetterRow]{
	sqldb.Int("seq", func(r deadLetterRow) int64 { return r.seq }),
	sqldb.Int("at", func(r deadLetterRow) int64 { return r.at }),
}, "(seq) DO UPDATE SET at = excluded.at", "")

// saveDeadLetters stores which touches the transitions dead-letter.
func (t *tx) saveDeadLetters(transitions []ledger.Transition) {
	var dead []deadLetterRow
	for i := range transitions {
		if transitions[i].To == touch.StateDead {
			dead = append(dead, deadLetterRow{seq: transitions[i].Seq, at: micros(t.core.now())})
		}
	}
	insert(&t.conn, insertDeadLetters, dead)
}

const fromDeadLetters = ` FROM dead d JOIN progress p ON p.seq = d.seq JOIN touches t ON t.seq = d.seq
	JOIN campaigns c ON c.no = t.campaign`

// deadLetterConditions selects from dead d, progress p, touches t and campaigns c.
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

// deadLetterPage is one page of the dead letters that a filter selects.
type deadLetterPage struct {
	seqs []int64
	at   map[int64]int64 // when each was dead-lettered
	next int64           // the cursor of the next page, 0 at the end
}

func (c *conn) deadLetterPage(f *ledger.DeadLetterFilter) (*deadLetterPage, error) {
	limit := clampLimit(f.Limit, 100, touch.MaxBatch)
	q := deadLetterConditions(f)
	page := &deadLetterPage{at: map[int64]int64{}}
	err := c.each(func(rows sqldb.Rows) error {
		var r deadLetterRow
		err := rows.Scan(&r.seq, &r.at)
		page.seqs = append(page.seqs, r.seq)
		page.at[r.seq] = r.at
		return err
	}, `SELECT d.seq, d.at`+fromDeadLetters+q.where()+fmt.Sprintf(` ORDER BY d.seq LIMIT %d`, limit+1), q.args...)
	if len(page.seqs) > limit { // the one too many tells that there is a next page
		page.seqs = page.seqs[:limit]
		page.next = page.seqs[limit-1]
	}
	return page, err
}

// List implements ledger.DeadLetters.
func (s deadLetterStore) List(
	ctx context.Context, f ledger.DeadLetterFilter,
) (found []ledger.DeadLetter, next int64, err error) {
	err = s.readTx(ctx, func(c *conn) error {
		page, err := c.deadLetterPage(&f)
		if err != nil || len(page.seqs) == 0 {
			return err
		}
		next = page.next
		q := conditions{parts: []string{c.in("t.seq", 1, sqldb.Integer)}, args: []any{c.array(page.seqs)}}
		views, _, err := c.views(q, len(page.seqs))
		for i := range views {
			p := &views[i].Progress
			found = append(found, ledger.DeadLetter{
				TouchView: views[i], At: fromMicros(page.at[p.Seq]), Sent: p.MayBeSent(),
			})
		}
		return err
	})
	return found, next, err
}
