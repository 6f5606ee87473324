package touch

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
