package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// DeadLetters reads and redrives touches that workers gave up on.
type DeadLetters interface {
	// List returns them, oldest first, after the filter's cursor. next is the
	// cursor to go on from, 0 at the end.
	List(ctx context.Context, f DeadLetterFilter) (found []DeadLetter, next int64, err error)
	// Redrive returns the selected ones to the workers, up to the filter's
	// limit, and records the actor. One that surely was not sent becomes due
	// again; of any other, the vendor is asked what became of it. One that surely
	// was not sent and has expired stays. With dry nothing changes: n is what
	// Redrive would do. next is as in List.
	Redrive(ctx context.Context, f DeadLetterFilter, dry bool, actor string, now time.Time) (n Redriven, next int64, err error)
}

// DeadLetterFilter selects dead letters; empty fields select all.
type DeadLetterFilter struct {
	Touch    touch.ID
	Caller   string
	Campaign string
	Reason   string
	Channel  touch.Channel // of the leg that they failed on
	Since    time.Time     // dead since then or later
	After    int64         // cursor
	Limit    int           // 1 to 1000; 0 is 100
}

// DeadLetter is a touch that workers gave up on.
type DeadLetter struct {
	TouchView
	At time.Time // when; zero where it is not known
	// Sent says that it may have been sent.
	Sent bool
}

// Redriven counts what Redrive did.
type Redriven struct {
	Due     int `json:"due"`     // surely not sent: due again
	Asked   int `json:"asked"`   // perhaps sent: their vendors are asked
	Expired int `json:"expired"` // left as they are
}

// Redrive returns how a dead letter goes on, with the event of it; the progress
// as it was, if the touch stays.
func Redrive(cur Progress, t *touch.Touch, actor string, now time.Time) (Progress, []touch.Event) {
	sent := cur.MayBeSent()
	if cur.State != touch.StateDead || !sent && t.Expired(now) {
		return cur, nil
	}

	next := cur
	next.Version++
	next.State = touch.StateDue
	next.Attempts = 0
	next.Due = now
	next.Reason = touch.ReasonRedriven
	kind := touch.EventRetry
	if sent {
		next.State = touch.StateUnknown
		kind = touch.EventUnknown
	}
	e := t.Event(kind, now, next.State, next.Leg)
	e.Until = now
	e.Reason = next.Reason
	e.Actor = actor
	return next, []touch.Event{e}
}
