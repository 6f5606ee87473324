package touch

import "slices"

// ContactKind is how far a contact with a customer came. The ledger stores the
// word, and contact logs store the rank. So neither may change.
type ContactKind string

// The kinds of a contact. A later report may raise a contact's kind and never
// lowers it: a "failed" that comes after "delivered" changes nothing.
const (
	ContactUnknown      ContactKind = ""             // it may have been sent; it counts as an attempt
	ContactAttempt      ContactKind = "attempt"      // the vendor accepted it
	ContactFailed       ContactKind = "failed"       // it was attempted and did not arrive
	ContactDelivered    ContactKind = "delivered"    // it arrived
	ContactConnected    ContactKind = "connected"    // the customer answered the call
	ContactConversation ContactKind = "conversation" // the customer spoke with the bank
)

// contactKinds lists the kinds in order. The position of a kind is its rank.
// Contact logs in Redis hold that number, so never change the order.
var contactKinds = [...]ContactKind{
	ContactAttempt, ContactFailed, ContactDelivered, ContactConnected, ContactConversation,
}

// ContactKinds returns the kinds from the weakest to the strongest, without
// ContactUnknown. The caller may change the list.
func ContactKinds() []ContactKind { return slices.Clone(contactKinds[:]) }

// Rank returns the kind's position in ContactKinds, from 0. ContactUnknown has the
// rank of an attempt. So has a kind that only a later version of the program
// knows.
func (k ContactKind) Rank() uint8 {
	for i := range contactKinds {
		if contactKinds[i] == k {
			return uint8(i)
		}
	}
	return 0
}

// Valid reports whether k is one of ContactKinds.
func (k ContactKind) Valid() bool { return contactKinds[k.Rank()] == k }
