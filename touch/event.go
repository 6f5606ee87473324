package touch

import "time"

// EventKind names what happened.
type EventKind string

// The kinds of events. A touch's history is its events in order; callers hear
// of them by webhook and feed.
const (
	EventAccepted    EventKind = "touch.accepted"
	EventRefused     EventKind = "touch.refused" // State tells refused from capped
	EventDeferred    EventKind = "touch.deferred"
	EventSent        EventKind = "touch.sent"
	EventUnknown     EventKind = "touch.unknown"
	EventRetry       EventKind = "touch.retry"    // not sent; tried again at Until
	EventFallback    EventKind = "touch.fallback" // goes on with leg Leg
	EventDelivered   EventKind = "touch.delivered"
	EventUndelivered EventKind = "touch.undelivered" // a leg was sent and did not arrive
	EventRead        EventKind = "touch.read"
	EventReplied     EventKind = "touch.replied"
	EventOutcome     EventKind = "touch.outcome"
	EventFailed      EventKind = "touch.failed"
	EventExpired     EventKind = "touch.expired"
	EventCancelled   EventKind = "touch.cancelled"
	EventUnconfirmed EventKind = "touch.unconfirmed"
	EventDead        EventKind = "touch.dead"

	EventConsent  EventKind = "customer.consent"
	EventCustomer EventKind = "customer.changed"
	EventListing  EventKind = "listing.changed"
	EventControl  EventKind = "control.changed" // a pause, a stop, a policy; Reason says which

	EventSubscription      EventKind = "subscription.changed" // a webhook was made or changed; Reason says how
	EventSubscriptionEnded EventKind = "subscription.ended"   // a webhook gets no more calls
)

// EventKinds lists every kind.
func EventKinds() []EventKind {
	return []EventKind{
		EventAccepted, EventRefused, EventDeferred, EventSent, EventUnknown, EventRetry, EventFallback, EventDelivered,
		EventUndelivered, EventRead, EventReplied, EventOutcome, EventFailed, EventExpired, EventCancelled,
		EventUnconfirmed, EventDead, EventConsent, EventCustomer, EventListing, EventControl,
		EventSubscription, EventSubscriptionEnded,
	}
}

// Event is one line of the ledger.
type Event struct {
	// Seq orders all events; it is the cursor of the feed.
	Seq      int64     `json:"seq,omitempty"`
	Kind     EventKind `json:"kind"`
	At       time.Time `json:"at"`
	Touch    ID        `json:"touch,omitzero"`
	Key      string    `json:"key,omitempty"`
	Caller   string    `json:"caller,omitempty"`
	Customer string    `json:"customer,omitempty"`
	Campaign string    `json:"campaign,omitempty"`
	State    State     `json:"state,omitempty"` // after the event
	Leg      int       `json:"leg"`
	Channel  Channel   `json:"channel,omitempty"`
	Attempt  int       `json:"attempt,omitempty"`
	Until    time.Time `json:"until,omitzero"` // when it goes on, where it waits
	Reason   string    `json:"reason,omitempty"`
	Outcome  string    `json:"outcome,omitempty"`
	Actor    string    `json:"actor,omitempty"` // who did it, where a person or a key did
	Result   *Result   `json:"result,omitempty"`
	Verdict  *Verdict  `json:"verdict,omitempty"`
}

// Event returns an event about the touch: its state after the event, and the
// leg that the event is about. The caller adds what the kind of event needs,
// for example Reason, Until or Result.
func (t *Touch) Event(kind EventKind, at time.Time, state State, leg int) Event {
	e := Event{
		Kind:     kind,
		At:       at,
		Touch:    t.ID,
		Key:      t.Key,
		Caller:   t.Caller,
		Customer: t.Customer,
		Campaign: t.Campaign,
		State:    state,
		Leg:      leg,
	}
	if leg >= 0 && leg < len(t.Plan) {
		e.Channel = t.Plan[leg].Channel
	}
	return e
}
