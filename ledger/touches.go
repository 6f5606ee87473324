package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Touches reads touches and cancels one.
type Touches interface {
	// Get returns one touch with its whole history. An empty caller reads all
	// callers' touches. Class NotFound.
	Get(ctx context.Context, caller string, id touch.ID) (*TouchView, error)
	// List returns touches, oldest first, after the filter's cursor. next is the
	// cursor to go on from, 0 at the end.
	List(ctx context.Context, f TouchFilter) (views []TouchView, next int64, err error)
	// PendingOf returns, for each customer, touches that are still to be sent
	// (state due, campaign running) and have a priority above the given one: up
	// to most of them, the highest first. Due is zero where the timer has fired.
	PendingOf(ctx context.Context, customers []string, above, most int) (map[string][]TouchView, error)
	// CountWaiting returns at most how many touches wait to be sent that a kill
	// switch for a caller and a channel would hold back; "" is any. It reads kept
	// counts and timers, and no touches. With a channel it leaves out what a
	// pause or another kill switch holds back already.
	CountWaiting(ctx context.Context, caller string, c touch.Channel) (int64, error)
	// Cancel takes a touch back before it is sent. Class Conflict: it is being
	// sent, was sent or is over; NotFound.
	Cancel(ctx context.Context, caller string, id touch.ID, actor string, now time.Time) (Progress, error)
}

// TouchFilter selects touches; empty fields select all.
type TouchFilter struct {
	Caller   string
	Campaign string
	Customer string
	State    touch.State
	After    int64 // cursor
	Limit    int   // 1 to 1000; 0 is 100
}

// TouchView is a touch as a reader sees it. Lists leave Events out.
type TouchView struct {
	Touch    touch.Touch
	Progress Progress
	Sending  bool // a worker holds it
	Events   []touch.Event
}
