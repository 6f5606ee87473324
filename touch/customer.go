package touch

import "time"

// Customer is everything that is known of one customer: the facts that rules
// are judged by. An empty Customer (unknown to us) is judged by the strictest
// reading.
type Customer struct {
	ID string `json:"id"`
	// Version rises with every change; verdicts name the version they saw.
	Version int64 `json:"version,omitempty"`
	// Zones are the IANA time zones in which the customer may be; several
	// when it is not known which, none when nothing is known.
	Zones []string `json:"zones,omitempty"`
	// Jurisdictions choose the rule packs that bind, for example "us", "fr".
	Jurisdictions []string           `json:"jurisdictions,omitempty"`
	Addresses     map[Channel]string `json:"addresses,omitempty"`
	Tags          []string           `json:"tags,omitempty"`
	// Preferences are the customer's own choices, for example
	// "quiet": "22:00-07:00" or "language": "fr".
	Preferences map[string]string `json:"preferences,omitempty"`
	// Attributes are facts that conditions may ask for: strings, numbers,
	// booleans, RFC 3339 instants.
	Attributes map[string]any `json:"attributes,omitempty"`
	// Consents holds every grant and revocation, oldest first.
	Consents []Consent `json:"consents,omitempty"`
	// Outcomes holds what came of earlier contacts, oldest first.
	Outcomes []Outcome `json:"outcomes,omitempty"`
}

// Consent is one grant, or revocation, of a scope such as "marketing",
// "marketing:sms" or "marketing:night".
type Consent struct {
	Scope    string     `json:"scope" validate:"required,max=128,id"`
	Granted  bool       `json:"granted"`
	At       time.Time  `json:"at"`
	Until    *time.Time `json:"until,omitempty"`
	Evidence string     `json:"evidence,omitempty" validate:"max=512"` // where the proof lies: a document id, never its text
}

// Outcome is what came of a contact.
type Outcome struct {
	Kind     string    `json:"kind" validate:"required,max=64,name"` // one of Outcomes, or a bank's own word
	At       time.Time `json:"at"`
	Channel  Channel   `json:"channel,omitempty"`
	Category Category  `json:"category,omitempty"`
	Subject  string    `json:"subject,omitempty" validate:"max=128,name"`
	Campaign string    `json:"campaign,omitempty" validate:"max=128,name"`
	Caller   string    `json:"caller,omitempty" validate:"max=128,name"`
	Template string    `json:"template,omitempty" validate:"max=128,name"`
	Address  string    `json:"address,omitempty" validate:"max=512"` // that was contacted
	Touch    ID        `json:"touch,omitzero"`
}

// The well-known outcomes. A bank may use words of its own beside them.
const (
	OutcomeConversation = "conversation" // the customer spoke with us
	OutcomeRefused      = "refused"      // the customer declined
	OutcomeOptOut       = "opt_out"      // the customer asked not to be contacted
	OutcomeNoAnswer     = "no_answer"    // nobody answered
	OutcomeAbandoned    = "abandoned"    // answered, but nobody of ours was on the line
	OutcomeCompleted    = "completed"    // a manager's task is done
)

// Outcomes lists the well-known outcomes.
func Outcomes() []string {
	return []string{
		OutcomeConversation, OutcomeRefused, OutcomeOptOut, OutcomeNoAnswer, OutcomeAbandoned, OutcomeCompleted,
	}
}
