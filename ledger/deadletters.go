package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// DeadLetters are the touches that were put aside.
type DeadLetters interface {
	// List lists them, oldest first, after the cursor; the next cursor is 0 at
	// the end.
	List(ctx context.Context, f DeadLetterFilter) (found []DeadLetter, next int64, err error)
	// Redrive gives those back to the workers that the filter selects, up to
	// its limit, in one transaction, and notes who did it: one that surely was
	// not sent is due again, of another its vendor is asked what became of it.
	// One that surely was not sent and has expired stays. With dry nothing is
	// changed: the numbers are what it would do. next is as Dead gives it.
	Redrive(ctx context.Context, f DeadLetterFilter, dry bool, actor string, now time.Time) (n Redriven, next int64, err error)
}

// DeadLetterFilter selects touches that were put aside; empty fields select all.
type DeadLetterFilter struct {
	Touch    touch.ID
	Caller   string
	Campaign string
	Reason   string
	Channel  touch.Channel // of the leg that they died on
	Since    time.Time     // put aside then or later
	After    int64
	Limit    int // 1 to 1000; 0 is 100
}

// DeadLetter is a touch that was put aside.
type DeadLetter struct {
	TouchView
	At time.Time // when; zero where it is not known
	// Sent says that it may have been sent.
	Sent bool
}

// Redriven counts what Redrive made of touches.
type Redriven struct {
	Due     int `json:"due"`     // surely not sent: they go again
	Asked   int `json:"asked"`   // perhaps sent: their vendors are asked
	Expired int `json:"expired"` // left as they are
}

// Redrive is where a touch that was put aside goes on, and the event that
// tells of it; the progress as it was, where it stays.
func Redrive(cur Progress, t *touch.Touch, actor string, now time.Time) (Progress, []touch.Event) {
	sent := MayBeSent(&cur)
	if cur.State != touch.StateDead || !sent && t.Expired(now) {
		return cur, nil
	}
	next, kind := cur, touch.EventRetry
	next.Version++
	next.State, next.Attempts, next.Due, next.Reason = touch.StateDue, 0, now, "redriven"
	if sent {
		next.State, kind = touch.StateUnknown, touch.EventUnknown
	}
	e := t.Event(kind, now, next.State, next.Leg)
	e.Until = now
	e.Reason = next.Reason
	e.Actor = actor
	return next, []touch.Event{e}
}

// MayBeSent reports whether the leg that a touch is on may have reached the customer.
func MayBeSent(p *Progress) bool {
	_, may := p.ContactOn(p.Leg)
	return may
}
