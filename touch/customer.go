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
	Scope    string     `json:"scope" validate:"required,max=128,printascii"`
	Granted  bool       `json:"granted"`
	At       time.Time  `json:"at"`
	Until    *time.Time `json:"until,omitempty"`
	Evidence string     `json:"evidence,omitempty" validate:"max=512"` // where the proof lies: a document id, never its text
}

// Outcome is what came of a contact.
type Outcome struct {
	Kind     string    `json:"kind" validate:"required,max=64"` // one of Outcomes, or a bank's own word
	At       time.Time `json:"at"`
	Channel  Channel   `json:"channel,omitempty"`
	Category Category  `json:"category,omitempty"`
	Subject  string    `json:"subject,omitempty" validate:"max=128"`
	Campaign string    `json:"campaign,omitempty" validate:"max=128"`
	Caller   string    `json:"caller,omitempty" validate:"max=128"`
	Template string    `json:"template,omitempty" validate:"max=128"`
	Address  string    `json:"address,omitempty" validate:"max=512"` // that was contacted
	Touch    ID        `json:"touch,omitzero"`
}

// The well-known outcomes. A bank may use words of its own beside them.
const (
	Conversation = "conversation" // the customer spoke with us
	RefusedOffer = "refused"      // the customer declined
	OptOut       = "opt_out"      // the customer asked not to be contacted
	NoAnswer     = "no_answer"    // nobody answered
	Abandoned    = "abandoned"    // answered, but nobody of ours was on the line
	Completed    = "completed"    // a manager's task is done
)

// Listing is one entry of a suppression list (ours) or of an outside register.
// Lists are told apart by name: "suppression" is ours; a register has the name
// that policies use, for example "national-dnc".
type Listing struct {
	List string `json:"list" validate:"required,max=64,printascii"`
	// Key is what is listed: CustomerKey(id), AddressKey(channel, address) or RegisterKey.
	Key   string    `json:"key" validate:"required,max=640"`
	Since time.Time `json:"since"`
	// Until ends the listing; nil is for ever.
	Until *time.Time `json:"until,omitempty"`
	// Scope narrows a suppression to a category, a channel or "category:channel"; "" is everything.
	Scope  string `json:"scope,omitempty" validate:"max=64"`
	Owner  string `json:"owner,omitempty" validate:"max=128"`
	Reason string `json:"reason,omitempty" validate:"max=512"`
	// CheckedAt is when the outside register was last asked.
	CheckedAt *time.Time `json:"checked_at,omitempty"`
}

// Suppression is the name of our own do-not-contact list.
const Suppression = "suppression"

// RegisterKey is the key of a listing that stands for a whole register: it
// lists nobody, and its CheckedAt is when the register was last taken over.
const RegisterKey = "*"

// CustomerKey is the listing key of a customer.
func CustomerKey(id string) string { return "customer:" + id }

// AddressKey is the listing key of an address on a channel. SMS, calls and
// tasks share the kind "phone".
func AddressKey(c Channel, address string) string {
	switch c {
	case SMS, AICall, RMTask:
		return "phone:" + address
	}
	return string(c) + ":" + address
}

// AddressOn is where a leg on the channel goes: the request's own address, else
// the customer's. A call without one uses the number for text messages. It is
// "" when none is known; c may be nil.
func AddressOn(channel Channel, r *Request, c *Customer) string {
	for _, ch := range [...]Channel{channel, fallbackAddress(channel)} {
		if a := r.Addresses[ch]; a != "" {
			return a
		}
		if c != nil && c.Addresses[ch] != "" {
			return c.Addresses[ch]
		}
	}
	return ""
}

// AddressOn is where a leg on the channel goes whose request names no address.
// It is "" when none is known; c may be nil.
func (c *Customer) AddressOn(channel Channel) string { return AddressOn(channel, &Request{}, c) }

func fallbackAddress(c Channel) Channel {
	if c == AICall || c == RMTask {
		return SMS
	}
	return c
}

// NeedsAddress reports whether a leg on the channel cannot go without an
// address; the others reach by customer.
func (c Channel) NeedsAddress() bool { return c == SMS || c == Push || c == AICall }
