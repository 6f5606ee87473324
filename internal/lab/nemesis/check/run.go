package check

import (
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// Run is everything that is known about a run.
type Run struct {
	Expected map[touch.ID]*Expected
	Final    map[touch.ID]*Final
	Messages []Message // in the order in which vendors took them
	Vendors  map[string]Vendor
	Caps     []oracle.Cap
	Quiet    QuietHours
	Stops    []StopWindow
	// Delay is the published time within which a message leaves after it was
	// judged. A message that comes later than that breaks a stop or quiet hours.
	Delay  time.Duration
	Now    time.Time
	Faults []Fault
}

// Expected is a touch as the caller that submitted it remembers it.
type Expected struct {
	Customer string
	Category touch.Category
	Subject  string
	Campaign string
	Channels []touch.Channel // of its legs
	Urgent   bool
	Zone     *time.Location // where the customer lives
	// Accepted says that an answer took responsibility for the touch.
	Accepted   bool
	AcceptedAt time.Time
	// CancelledAt is when an answer confirmed the cancellation; zero: never.
	CancelledAt time.Time
}

// resendable reports whether a second message of the touch is better than none.
// Only then may the gateway send again after an unknown outcome.
func (e *Expected) resendable() bool { return e.Urgent && e.Category != touch.Marketing }

// Final is what the API says about a touch at the end of the run.
type Final struct {
	State touch.State
	Due   time.Time
	// SentLegs had an event "sent", UnknownLegs one of an unknown outcome.
	SentLegs    []int
	UnknownLegs []int
}

// Message is one message in a vendor's log. A repetition that the vendor
// recognised is not a message.
type Message struct {
	Dispatch string
	Provider string
	At       time.Time
	// Resend says that the sender marked it as a second attempt.
	Resend bool
}

// Vendor is what a vendor promises.
type Vendor struct {
	// Idempotent says that it treats a repeated dispatch id as one message.
	Idempotent bool
}

// StopWindow is a time in which matching touches must not leave: a kill switch,
// a pause or a cancelled campaign.
type StopWindow struct {
	Kind     string
	Category touch.Category // "" matches all, as in the next two
	Channel  touch.Channel
	Campaign string
	From     time.Time // when the answer that confirmed it came
	Until    time.Time // when its end was requested; zero: never
}

// matches reports whether the window stops a leg of a touch.
func (w *StopWindow) matches(e *Expected, leg int) bool {
	return leg < len(e.Channels) &&
		(w.Category == "" || w.Category == e.Category) &&
		(w.Channel == "" || w.Channel == e.Channels[leg]) &&
		(w.Campaign == "" || w.Campaign == e.Campaign)
}

// QuietHours are the hours of the customer's own time in which some categories
// must not be sent.
type QuietHours struct {
	Categories []touch.Category
	Open       func(local time.Time) bool // reports whether local is not quiet
}

// Fault is one fault of the run, from its begin to its healing.
type Fault struct {
	Kind     string
	From, To time.Time
}
