package touch

import "slices"

// ContactKind is how far a contact with a customer came. The ledger stores the
// word, contact logs store the rank.
type ContactKind string

// The kinds of a contact. A later report raises a contact's kind and never
// lowers it.
const (
	ContactUnknown      ContactKind = ""          // may have been sent; counts as an attempt
	ContactAttempt      ContactKind = "attempt"   // the vendor has taken it
	ContactFailed       ContactKind = "failed"    // attempted, and known not to have arrived
	ContactDelivered    ContactKind = "delivered" // it arrived
	ContactConnected    ContactKind = "connected" // the customer answered
	ContactConversation ContactKind = "conversation"
)

// contactKinds lists the kinds in order. The place of a kind is its rank, and
// contact logs in Redis hold that number: never change the order.
var contactKinds = [...]ContactKind{
	ContactAttempt, ContactFailed, ContactDelivered, ContactConnected, ContactConversation,
}

// ContactKinds lists the kinds from the weakest to the strongest, without
// ContactUnknown.
func ContactKinds() []ContactKind { return slices.Clone(contactKinds[:]) }

// Rank returns the kind's place in ContactKinds. A contact of unknown outcome,
// or of a kind of a later version, has the rank of an attempt.
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
