package touch

import (
	"strings"
	"time"
)

// Listing is one entry of a suppression list (ours) or of an outside register.
// Lists are told apart by name: "suppression" is ours; a register has the name
// that policies use, for example "national-dnc".
type Listing struct {
	List string `json:"list" validate:"required,max=64,id"`
	// Key is what is listed: CustomerKey(id), AddressKey(channel, address) or RegisterKey.
	Key   string    `json:"key" validate:"required,max=640"`
	Since time.Time `json:"since"`
	// Until ends the listing; nil is for ever.
	Until *time.Time `json:"until,omitempty"`
	// Scope narrows a suppression to a category, a channel or "category:channel"; "" is everything.
	Scope  string `json:"scope,omitempty" validate:"max=64,name"`
	Owner  string `json:"owner,omitempty" validate:"max=128,name"`
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

// AddressKey is the listing key of an address on a channel. Channels that reach
// a telephone share the kind "phone", so that one entry stops them all.
func AddressKey(c Channel, address string) string {
	if c.IsPhone() {
		return "phone:" + fullNumber(address)
	}
	return string(c) + ":" + address
}

// fullNumber returns a telephone number with its +. The gateway stores numbers
// in E.164, so this only changes numbers that were stored before it did: there,
// one number may stand as "86138…", "0086138…" and "+86138…". A number that
// begins with one 0 has no country code, and stays as it is.
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
