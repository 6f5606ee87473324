package touch

import "time"

// ResultClass is the result of one attempt to send, as the adapter saw it. The
// zero value is ResultUnknown: an adapter that forgets to set the class may lose
// a message, but the customer never gets it twice.
type ResultClass uint8

// The result classes. ResultRetryable, ResultThrottled and ResultMisconfigured
// promise that nothing was sent: the message is sent again after them.
const (
	ResultUnknown       ResultClass = iota // it may have been sent
	ResultAccepted                         // the vendor accepted it
	ResultRejected                         // the vendor will never accept it; see Reason
	ResultRetryable                        // not sent; another attempt may help
	ResultThrottled                        // not sent; try again after RetryAfter
	ResultMisconfigured                    // not sent; the bank's account with the vendor is wrong: alert an operator
)

// String returns the name of the class in metrics and events. It panics if the
// class is not one of those above.
func (c ResultClass) String() string {
	return [...]string{"unknown", "accepted", "rejected", "retryable", "throttled", "misconfigured"}[c]
}

// MarshalText implements encoding.TextMarshaler.
func (c ResultClass) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. The error for an unknown
// name is of class Invalid.
func (c *ResultClass) UnmarshalText(b []byte) error {
	for k := ResultUnknown; k <= ResultMisconfigured; k++ {
		if k.String() == string(b) {
			*c = k
			return nil
		}
	}
	return Errorf(Invalid, "class", "%q is not a result class", b)
}

// Result is the result of one attempt to send.
type Result struct {
	Class ResultClass `json:"class"`
	// Reason is one of Reasons, "" if the class says enough.
	Reason string `json:"reason,omitempty"`
	// Provider is the provider that was used. The pool of providers sets it.
	Provider string `json:"provider,omitempty"`
	// VendorID is the vendor's own id for the message.
	VendorID string `json:"vendor_id,omitempty"`
	// Code is the vendor's code. Neither Code nor Detail holds an address or the
	// text of a message.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	// RetryAfter is how long to wait before the next attempt. 0 means that the
	// vendor did not say. In JSON it is a number of nanoseconds.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// NoAttempt is set if the vendor was not called, for example because the
	// breaker is open. The leg keeps its attempts.
	NoAttempt bool `json:"no_attempt,omitempty"`
}

// ReceiptKind is what a receipt reports.
type ReceiptKind string

// The kinds of receipts.
const (
	ReceiptDelivered ReceiptKind = "delivered" // it arrived; a call was answered
	ReceiptFailed    ReceiptKind = "failed"    // it did not arrive and will not
	ReceiptReplied   ReceiptKind = "replied"   // the customer answered; Outcome says what
	ReceiptRead      ReceiptKind = "read"      // the customer opened it
	ReceiptOutcome   ReceiptKind = "outcome"   // the contact had an outcome, in Outcome
)

// Receipt is what a vendor, or the bank's own app, reports about a message after
// it was sent. Dispatch or VendorID says which message.
type Receipt struct {
	Provider string `json:"provider,omitempty"`
	// Dispatch is the dispatch id, if the vendor returns it. Else VendorID, the
	// vendor's own id, is set.
	Dispatch string      `json:"dispatch,omitempty"`
	VendorID string      `json:"vendor_id,omitempty"`
	Kind     ReceiptKind `json:"kind"`
	// Reason says why a message failed: bad_target, opt_out, content or other.
	Reason string `json:"reason,omitempty"`
	// Outcome is one of Outcomes, or a word of the bank's own.
	Outcome string    `json:"outcome,omitempty"`
	Code    string    `json:"code,omitempty"`
	At      time.Time `json:"at,omitzero"`
}
