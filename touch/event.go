package touch

import "time"

// EventKind says what happened.
type EventKind string

// The kinds of events about a touch. A touch's history is its events in order.
// Callers get them from the feed or by webhook.
const (
	EventAccepted    EventKind = "touch.accepted"    // the touch was stored
	EventRefused     EventKind = "touch.refused"     // a rule said never; State is refused or capped
	EventDeferred    EventKind = "touch.deferred"    // a rule said not now; it is evaluated again at Until
	EventSent        EventKind = "touch.sent"        // the vendor accepted the leg
	EventUnknown     EventKind = "touch.unknown"     // the leg may have been sent
	EventRetry       EventKind = "touch.retry"       // the leg was not sent; it is tried again at Until
	EventFallback    EventKind = "touch.fallback"    // the touch goes on with leg Leg
	EventDelivered   EventKind = "touch.delivered"   // the leg arrived
	EventUndelivered EventKind = "touch.undelivered" // the leg was sent and did not arrive
	EventRead        EventKind = "touch.read"        // the customer opened it
	EventReplied     EventKind = "touch.replied"     // the customer answered; Outcome says what
	EventOutcome     EventKind = "touch.outcome"     // an outcome was reported, in Outcome
	EventFailed      EventKind = "touch.failed"      // every leg was tried, and none arrived
	EventExpired     EventKind = "touch.expired"     // its time ran out
	EventCancelled   EventKind = "touch.cancelled"   // the caller, or its campaign, cancelled it
	EventUnconfirmed EventKind = "touch.unconfirmed" // it was sent, or perhaps sent, and no report came
	EventDead        EventKind = "touch.dead"        // it was given up after repeated crashes
)

// The other kinds of events.
const (
	EventConsent  EventKind = "customer.consent" // a customer granted or revoked a scope
	EventCustomer EventKind = "customer.changed" // a fact about a customer changed
	EventListing  EventKind = "listing.changed"  // a list got an entry or lost one
	EventControl  EventKind = "control.changed"  // a pause, a stop, a policy or a key changed; Reason says which

	EventSubscription      EventKind = "subscription.changed" // a webhook was made or changed; Reason says how
	EventSubscriptionEnded EventKind = "subscription.ended"   // a webhook gets no more calls
)

// EventKinds returns every kind. The caller may change the list.
func EventKinds() []EventKind {
	return []EventKind{
		EventAccepted, EventRefused, EventDeferred, EventSent, EventUnknown, EventRetry, EventFallback, EventDelivered,
		EventUndelivered, EventRead, EventReplied, EventOutcome, EventFailed, EventExpired, EventCancelled,
		EventUnconfirmed, EventDead, EventConsent, EventCustomer, EventListing, EventControl,
		EventSubscription, EventSubscriptionEnded,
	}
}

// Event is one entry of the journal: something that happened to a touch, a
// customer, a list, a control or a webhook. It never changes.
type Event struct {
	// Seq orders all events, and is the cursor of the feed. The ledger sets it.
	Seq  int64     `json:"seq,omitempty"`
	Kind EventKind `json:"kind"`
	At   time.Time `json:"at"`

	// Touch, Key, Caller, Customer and Campaign say whom the event is about.
	Touch    ID     `json:"touch,omitzero"`
	Key      string `json:"key,omitempty"`
	Caller   string `json:"caller,omitempty"`
	Customer string `json:"customer,omitempty"`
	Campaign string `json:"campaign,omitempty"`

	// State is the touch's state after the event.
	State State `json:"state,omitempty"`
	// Leg is the index of the leg that the event is about.
	Leg     int     `json:"leg"`
	Channel Channel `json:"channel,omitempty"`
	Attempt int     `json:"attempt,omitempty"`
	// Until is when a touch that waits goes on.
	Until time.Time `json:"until,omitzero"`
	// Reason is one of Reasons, the id of a rule or a vendor's word. In an event
	// that is not about a touch it says in words what changed.
	Reason  string `json:"reason,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	// Actor is the person or the API key that caused the event, "" if the
	// program did.
	Actor   string   `json:"actor,omitempty"`
	Result  *Result  `json:"result,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
}

// Event returns an event about the touch. state is the touch's state after the
// event, and leg the index of the leg that the event is about. The caller adds
// what the kind of event needs, for example Reason, Until or Result.
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
