package touch

import "time"

// Customer is everything that is known of one customer: the facts that rules
// read. If a fact is missing, rules assume the worst: a customer without zones
// is called only when the hours are open in every possible zone.
type Customer struct {
	ID string `json:"id"`
	// Version rises with every change. A verdict names the version that it was
	// made from.
	Version int64 `json:"version,omitempty"`
	// Zones are the IANA time zones in which the customer may be. There are
	// several if it is not known which one, and none if nothing is known.
	Zones []string `json:"zones,omitempty"`
	// Jurisdictions say which rule packs bind, for example "us" or "fr".
	Jurisdictions []string `json:"jurisdictions,omitempty"`
	// Addresses holds a telephone number in E.164 or a device token by channel.
	Addresses map[Channel]string `json:"addresses,omitempty"`
	// Tags are the bank's own marks, for example "vip". Conditions may ask for
	// them.
	Tags []string `json:"tags,omitempty"`
	// Preferences are the customer's own choices, for example
	// "quiet": "22:00-07:00" or "language": "fr".
	Preferences map[string]string `json:"preferences,omitempty"`
	// Attributes are further facts that conditions may ask for. A value is a
	// string, a number, a boolean or an RFC 3339 instant.
	Attributes map[string]any `json:"attributes,omitempty"`
	// Consents holds every grant and revocation, oldest first.
	Consents []Consent `json:"consents,omitempty"`
	// Outcomes holds the outcomes of earlier contacts, oldest first.
	Outcomes []Outcome `json:"outcomes,omitempty"`
}

// Consent is one grant or one revocation of a scope, such as "marketing",
// "marketing:sms" or "marketing:night".
type Consent struct {
	Scope   string    `json:"scope" validate:"required,max=128,id"`
	Granted bool      `json:"granted"` // false: the customer revokes the scope
	At      time.Time `json:"at"`
	// Until ends a grant. Nil means that it has no end.
	Until *time.Time `json:"until,omitempty"`
	// Evidence says where the proof is, for example the id of a document. It
	// never holds the text of the proof.
	Evidence string `json:"evidence,omitempty" validate:"max=512"`
}

// Outcome is the result of one contact for the customer: a conversation, a
// refusal. The fields from Channel on describe the contact, so that a cool-down
// can count outcomes of one campaign or subject only.
type Outcome struct {
	// Kind is one of Outcomes, or a word of the bank's own.
	Kind     string    `json:"kind" validate:"required,max=64,name"`
	At       time.Time `json:"at"`
	Channel  Channel   `json:"channel,omitempty"`
	Category Category  `json:"category,omitempty"`
	Subject  string    `json:"subject,omitempty" validate:"max=128,name"`
	Campaign string    `json:"campaign,omitempty" validate:"max=128,name"`
	Caller   string    `json:"caller,omitempty" validate:"max=128,name"`
	Template string    `json:"template,omitempty" validate:"max=128,name"`
	// Address is the address that was contacted.
	Address string `json:"address,omitempty" validate:"max=512"`
	Touch   ID     `json:"touch,omitzero"`
}

// The well-known outcomes. A bank may use words of its own beside them.
const (
	OutcomeConversation = "conversation" // the customer spoke with the bank
	OutcomeRefused      = "refused"      // the customer declined
	OutcomeOptOut       = "opt_out"      // the customer asked not to be contacted
	OutcomeNoAnswer     = "no_answer"    // nobody answered
	OutcomeAbandoned    = "abandoned"    // the customer answered, and nobody from the bank was on the line
	OutcomeCompleted    = "completed"    // a manager has done the task
)

// Outcomes returns the well-known outcomes. The caller may change the list.
func Outcomes() []string {
	return []string{
		OutcomeConversation, OutcomeRefused, OutcomeOptOut, OutcomeNoAnswer, OutcomeAbandoned, OutcomeCompleted,
	}
}
