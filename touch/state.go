package touch

// State is the state of a touch. docs/state-machine.md shows the transitions.
type State string

// The states. StateDue, StateSending, StateSent and StateUnknown are not final;
// see Final.
const (
	StateDue     State = "due"     // accepted; it waits for its time or its turn
	StateSending State = "sending" // a worker has claimed it; the API shows this, the ledger never stores it
	StateSent    State = "sent"    // the vendor accepted it
	StateUnknown State = "unknown" // it may have been sent; a worker tries to find out

	StateDelivered   State = "delivered"   // the vendor or the app reported that it arrived
	StateFailed      State = "failed"      // every leg was tried, and none arrived
	StateRefused     State = "refused"     // a rule said never
	StateCapped      State = "capped"      // a cap or a cool-down said never
	StateExpired     State = "expired"     // its time ran out
	StateCancelled   State = "cancelled"   // the caller, or its campaign, cancelled it
	StateUnconfirmed State = "unconfirmed" // it was sent, or perhaps sent, and no report came
	StateDead        State = "dead"        // given up after repeated crashes; an operator may redrive it
)

// States returns the states that the ledger stores: all but StateSending. The
// caller may change the list.
func States() []State {
	return []State{
		StateDue, StateSent, StateUnknown, StateDelivered, StateFailed, StateRefused, StateCapped, StateExpired,
		StateCancelled, StateUnconfirmed, StateDead,
	}
}

// Final reports whether a touch in state s is over. Only a receipt that comes
// late, or an operator who redrives a dead letter, changes it then.
func (s State) Final() bool {
	switch s {
	case StateDue, StateSending, StateSent, StateUnknown:
		return false
	}
	return true
}
