package touch

import "slices"

// Category is the purpose of a touch; policies tell purposes apart by it.
type Category string

// The categories.
const (
	Marketing     Category = "marketing"
	Service       Category = "service"
	Transactional Category = "transactional"
	Collection    Category = "collection"
)

// Categories lists every category.
func Categories() []Category { return []Category{Marketing, Service, Transactional, Collection} }

// Channel is the medium of one leg.
type Channel string

// The channels.
const (
	SMS    Channel = "sms"     // a text message
	Push   Channel = "push"    // a notification by the app's push service
	Popup  Channel = "popup"   // a pop-up inside the app
	Inbox  Channel = "inbox"   // the app's message centre
	AICall Channel = "ai_call" // an outbound call with an artificial voice
	RMTask Channel = "rm_task" // a task for a relationship manager: a person calls
)

// Channels lists every channel.
func Channels() []Channel { return []Channel{SMS, Push, Popup, Inbox, AICall, RMTask} }

// Valid reports whether c is one of Channels.
func (c Channel) Valid() bool { return slices.Contains(Channels(), c) }

// Valid reports whether c is one of Categories.
func (c Category) Valid() bool { return slices.Contains(Categories(), c) }

// State is where a touch stands. docs/state-machine.md draws the transitions.
type State string

// The states. Due, Sending, Sent and Unknown are on the way; the rest is final.
const (
	Due     State = "due"     // accepted, waits for its time or its turn
	Sending State = "sending" // claimed by a worker (shown, never stored)
	Sent    State = "sent"    // the vendor has taken it
	Unknown State = "unknown" // it may have been sent; being found out

	Delivered   State = "delivered"   // the vendor or the app says it arrived
	Failed      State = "failed"      // every leg was tried, none arrived
	Refused     State = "refused"     // a rule said never
	Capped      State = "capped"      // a cap or a cool-down said never
	Expired     State = "expired"     // its time ran out
	Cancelled   State = "cancelled"   // the caller took it back
	Unconfirmed State = "unconfirmed" // sent, or perhaps sent, and never confirmed
	Dead        State = "dead"        // given up after repeated crashes; an operator may redrive it
)

// States lists the states that the ledger stores.
func States() []State {
	return []State{Due, Sent, Unknown, Delivered, Failed, Refused, Capped, Expired, Cancelled, Unconfirmed, Dead}
}

// Final reports whether nothing more happens to a touch in state s, receipts
// that correct it apart.
func (s State) Final() bool {
	switch s {
	case Due, Sending, Sent, Unknown:
		return false
	}
	return true
}

// Lane names the queue for touches of one channel and urgency.
func Lane(c Channel, urgent bool) string {
	if urgent {
		return string(c) + ".urgent"
	}
	return string(c) + ".bulk"
}
