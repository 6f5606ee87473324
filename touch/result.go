package touch

import "time"

// ResultClass is what an adapter says of one attempt. Unknown is the zero
// value: an adapter that forgets to answer can lose a message, but never
// pester a customer.
type ResultClass uint8

// The result classes.
const (
	ResultUnknown       ResultClass = iota // it may have been sent
	ResultAccepted                         // the vendor has taken it
	ResultRejected                         // the vendor will never take it; see Reason
	ResultRetryable                        // surely not sent; trying again may help
	ResultThrottled                        // surely not sent; try again after RetryAfter
	ResultMisconfigured                    // surely not sent; our account is at fault: stop and page
)

// String names the class as metrics and events do.
func (c ResultClass) String() string {
	return [...]string{"unknown", "accepted", "rejected", "retryable", "throttled", "misconfigured"}[c]
}

// MarshalText implements encoding.TextMarshaler.
func (c ResultClass) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *ResultClass) UnmarshalText(b []byte) error {
	for k := ResultUnknown; k <= ResultMisconfigured; k++ {
		if k.String() == string(b) {
			*c = k
			return nil
		}
	}
	return Errorf(Invalid, "class", "%q is not a result class", b)
}

// Result is what came back from one attempt to send.
type Result struct {
	Class    ResultClass `json:"class"`
	Reason   string      `json:"reason,omitempty"`
	Provider string      `json:"provider,omitempty"` // set by the pool
	// VendorID is the vendor's own name for the message.
	VendorID string `json:"vendor_id,omitempty"`
	// Code is the vendor's code. Like Detail it holds no address and no text.
	Code       string        `json:"code,omitempty"`
	Detail     string        `json:"detail,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// NoAttempt says that nothing was tried (breaker, rate): it spends no attempt.
	NoAttempt bool `json:"no_attempt,omitempty"`
}

// ReceiptKind is what a vendor reports later.
type ReceiptKind string

// The kinds of receipts.
const (
	ReceiptDelivered ReceiptKind = "delivered" // it arrived (a call: it was answered)
	ReceiptFailed    ReceiptKind = "failed"    // it did not arrive and will not
	ReceiptReplied   ReceiptKind = "replied"   // the customer answered; Outcome says what
	ReceiptRead      ReceiptKind = "read"      // the customer opened it
	ReceiptOutcome   ReceiptKind = "outcome"   // what came of it, in Outcome
)

// Receipt is what a vendor says of a message after it was sent.
type Receipt struct {
	Provider string      `json:"provider,omitempty"`
	Dispatch string      `json:"dispatch,omitempty"`  // our dispatch id, when the vendor echoes it
	VendorID string      `json:"vendor_id,omitempty"` // else the vendor's id
	Kind     ReceiptKind `json:"kind"`
	Reason   string      `json:"reason,omitempty"`  // of a failure: bad_target, opt_out, content, other
	Outcome  string      `json:"outcome,omitempty"` // conversation, refused, opt_out, no_answer …
	Code     string      `json:"code,omitempty"`
	At       time.Time   `json:"at,omitzero"`
}
