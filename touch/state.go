package touch

// State is where a touch stands. docs/state-machine.md draws the transitions.
type State string

// The states. Due, Sending, Sent and Unknown are on the way; the rest is final.
const (
	StateDue     State = "due"     // accepted, waits for its time or its turn
	StateSending State = "sending" // claimed by a worker (shown, never stored)
	StateSent    State = "sent"    // the vendor has taken it
	StateUnknown State = "unknown" // it may have been sent; being found out

	StateDelivered   State = "delivered"   // the vendor or the app says it arrived
	StateFailed      State = "failed"      // every leg was tried, none arrived
	StateRefused     State = "refused"     // a rule said never
	StateCapped      State = "capped"      // a cap or a cool-down said never
	StateExpired     State = "expired"     // its time ran out
	StateCancelled   State = "cancelled"   // the caller took it back
	StateUnconfirmed State = "unconfirmed" // sent, or perhaps sent, and never confirmed
	StateDead        State = "dead"        // given up after repeated crashes; an operator may redrive it
)

// States lists the states that the ledger stores.
func States() []State {
	return []State{StateDue, StateSent, StateUnknown, StateDelivered, StateFailed, StateRefused, StateCapped, StateExpired, StateCancelled, StateUnconfirmed, StateDead}
}

// Final reports whether nothing more happens to a touch in state s, receipts
// that correct it apart.
func (s State) Final() bool {
	switch s {
	case StateDue, StateSending, StateSent, StateUnknown:
		return false
	}
	return true
}
