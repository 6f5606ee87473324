package touch

import (
	"strings"
	"time"
)

// Listing is one entry of a list: of the bank's own do-not-contact list, or of a
// register that somebody else keeps, such as a national do-not-call register.
type Listing struct {
	// List is the name of the list: Suppression, or the name that policies use
	// for a register, for example "national-dnc".
	List string `json:"list" validate:"required,max=64,id"`
	// Key says what is listed: a customer (CustomerKey), an address (AddressKey)
	// or nobody (RegisterKey).
	Key   string    `json:"key" validate:"required,max=640"`
	Since time.Time `json:"since"`
	// Until ends the listing. Nil means that it has no end.
	Until *time.Time `json:"until,omitempty"`
	// Scope limits a suppression to a category, a channel or "category:channel".
	// "" is everything.
	Scope string `json:"scope,omitempty" validate:"max=64,name"`
	// Owner is the department or system that made the entry.
	Owner  string `json:"owner,omitempty" validate:"max=128,name"`
	Reason string `json:"reason,omitempty" validate:"max=512"`
	// CheckedAt is when the bank last asked the register about the key.
	CheckedAt *time.Time `json:"checked_at,omitempty"`
}

// Suppression is the name of the bank's own do-not-contact list.
const Suppression = "suppression"

// RegisterKey is the key of a listing that stands for a whole register. It lists
// nobody. Its CheckedAt is when the register was last imported.
const RegisterKey = "*"

// CustomerKey returns the key under which a customer is listed.
func CustomerKey(id string) string { return "customer:" + id }

// AddressKey returns the key under which an address on a channel is listed.
// Channels that reach a telephone share the prefix "phone:", so that one entry
// stops text messages and calls.
func AddressKey(c Channel, address string) string {
	if c.IsPhone() {
		return "phone:" + fullNumber(address)
	}
	return string(c) + ":" + address
}

// fullNumber returns a telephone number with its "+". The gateway stores numbers
// in E.164, but earlier versions stored them as they came: "86138…", "0086138…"
// and "+86138…" may be one number. A number that begins with a single 0 has no
// country code, so fullNumber returns it unchanged.
func fullNumber(number string) string {
	rest, international := strings.CutPrefix(number, "00")
	switch {
	case number == "" || number[0] == '+':
		return number
	case international:
		return "+" + rest
	case number[0] == '0':
		return number
	}
	return "+" + number
}
