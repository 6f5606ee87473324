package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Contacts reads which legs reached customers. The contact log is rebuilt from
// it.
type Contacts interface {
	// Since returns, for each customer, every leg that reached or may have
	// reached them since the instant.
	Since(ctx context.Context, customers []string, since time.Time) (map[string][]PastContact, error)
	// ContactedCustomers pages through the customers for whom Since may return
	// something: up to limit (1 to 1000; 0 is 100) after the given one, in an
	// order of the store's own. It omits nobody and names each customer once.
	ContactedCustomers(ctx context.Context, after string, limit int) ([]string, error)
}

// PastContact is a contact together with what it was about.
type PastContact struct {
	Contact
	Touch    touch.ID
	Category touch.Category
	Subject  string
	Campaign string
	Caller   string
	// Address is the one that the leg went to, when the request named it.
	Address  string
	Template string
	// Pending: the outcome is not known yet, because a worker is about to send
	// the leg or is still finding out what became of it.
	Pending bool
}
