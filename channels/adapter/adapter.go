// SPDX-License-Identifier: Apache-2.0

// Package adapter defines the contract between Touchgate and the code for one
// vendor. That code, an adapter, implements Adapter and those of the optional
// interfaces (BatchSender, ReceiptParser, Querier, Recaller, Prober) that the
// vendor's API supports. A Factory describes the adapter to the host, which is
// the Touchgate process. Package channels/adaptertest tests the duties that this
// package documents.
package adapter

import (
	"context"
	"net/http"
	"time"

	"touchgate.dev/touch"
)

// Dispatch is one message to one address. Adapters must not change it, nor its
// maps and pointers: the host shares them between goroutines.
type Dispatch struct {
	// ID identifies the message at the vendor. A retry of the same message has
	// the same ID, so an adapter uses it as the idempotency key.
	ID string
	// Touch is the id of the touch that the message belongs to.
	Touch touch.ID
	// Leg is the index of the touch's leg, from 0.
	Leg      int
	Channel  touch.Channel
	Customer string // the bank's customer id
	Category touch.Category
	Campaign string
	Subject  string
	// Address is empty on channels that reach a customer by customer id.
	Address string
	// Template is the template's name, for vendors that store templates.
	Template string
	Params   map[string]string // the template's parameters
	// Content is the rendered text.
	Content touch.Content
	// Assignee is the manager, queue or branch that gets a task of channel rm_task.
	// nil: the queue "default".
	Assignee *touch.Assignee
	// DueIn is the time that the manager has for a task of channel rm_task.
	DueIn time.Duration
	// ExpiresAt is the instant after which the message is worthless; zero: it
	// never expires.
	ExpiresAt time.Time
	// NotAfter is the instant when the decision to send ends. The host begins no
	// call after it, so adapters may ignore it. Zero: no limit.
	NotAfter time.Time
	// Urgent means that bulk messages must not delay this one. Adapters may
	// ignore it.
	Urgent bool
	// Resend marks an intentional second send after an unknown result.
	Resend bool
}

// Adapter sends messages through one vendor account.
//
// An adapter has these duties:
//
//   - Many goroutines may call Send at once.
//   - Send makes one attempt. It does not retry or sleep, and it returns soon
//     after ctx ends.
//   - Send returns Rejected, Retryable, Throttled or Misconfigured only if the
//     message certainly was not sent. If the message may have been sent, it
//     returns the zero class, Unknown. For example, a refused connection is
//     Retryable. A timeout after the request was written is Unknown, and so is a
//     5xx status of a vendor that does not support idempotency.
//   - No Result and no log line contains an address, a text or a secret.
//
// Send has no error: the Result contains every failure.
type Adapter interface {
	Send(ctx context.Context, d Dispatch) touch.Result
}

// BatchSender sends several dispatches in one call to the vendor. SendBatch
// returns one Result per dispatch, in the same order. The host treats a missing
// Result as Unknown. The duties of Adapter apply to SendBatch too.
type BatchSender interface {
	SendBatch(ctx context.Context, ds []Dispatch) []touch.Result
}

// ReceiptRequest is a vendor's HTTP callback with receipts.
type ReceiptRequest struct {
	Method string
	URL    string // the public URL that the vendor called and signed
	Header http.Header
	Body   []byte
}

// ReceiptParser parses a vendor's callbacks. ParseReceipts verifies the signature
// before it parses the body. It returns an error of class Unauthenticated for a
// wrong signature, and of class Invalid for a body that it cannot parse. An entry
// of the body that it cannot read costs only itself: it returns the others, and
// the faults in Ack. It never panics, and many goroutines may call it at once. The
// host sends Ack to the vendor.
type ReceiptParser interface {
	ParseReceipts(r ReceiptRequest) ([]touch.Receipt, Ack, error)
}

// Ack is the HTTP response that the vendor expects to its callback. The zero
// value is status 204 without a body.
type Ack struct {
	Status      int
	ContentType string
	Body        []byte
	// Faults are the entries that were not taken, each with its place in Field,
	// such as "[3].status". The host counts and logs them; the vendor reads of
	// them in Body, where its protocol has a place for it.
	Faults touch.Faults
	// Foreign counts entries about messages that are not ours, which another
	// system sent by the same account. They are let go.
	Foreign int
}

// Querier asks the vendor whether it has a dispatch. The Result is Accepted if
// the vendor has it, Retryable if the vendor certainly does not have it, and
// Unknown if the vendor cannot tell. The host sends again after Retryable, so a
// wrong Retryable leads to a duplicate message.
type Querier interface {
	Query(ctx context.Context, d Dispatch) touch.Result
}

// Recaller withdraws a message that the vendor can still stop. The host does not
// call it yet: a later version will call it for cancelled touches.
type Recaller interface {
	Recall(ctx context.Context, d Dispatch) error
}

// Prober checks the vendor account without sending a message. The host does not
// call it yet: a later command will verify a provider with it.
type Prober interface {
	Probe(ctx context.Context) error
}

// Capabilities describe what a vendor's API supports. Package adaptertest checks
// IdempotencyWindow, MaxBatch and EchoesID.
type Capabilities struct {
	// IdempotencyWindow is how long the vendor recognises a repeated Dispatch.ID
	// and sends no second message. 0: the vendor does not recognise it.
	IdempotencyWindow time.Duration
	// MaxBatch is the largest number of dispatches in one SendBatch. 0 or 1: the
	// adapter does not send batches.
	MaxBatch int
	// DeliversOnAccept means that an accepted message counts as delivered at
	// once. This holds for first-party channels.
	DeliversOnAccept bool
	// EchoesID means that receipts contain Dispatch.ID. Otherwise the host matches
	// receipts by the vendor's id.
	EchoesID bool
	// NeedsAddress means that the vendor cannot send a dispatch without an
	// address.
	NeedsAddress bool
}

// Options are the dependencies that the host passes to an adapter.
type Options struct {
	// Transport makes the HTTP calls. All adapters share it. It applies timeouts
	// and tracing, and is safe for concurrent use.
	Transport http.RoundTripper
	// Now returns the current time.
	Now func() time.Time
}

// Factory describes one kind of adapter.
type Factory struct {
	// Name is the name in configurations, for example "sms/http".
	Name    string
	Channel touch.Channel
	// Config returns a pointer to a new configuration with defaults. Its fields
	// have yaml and validate tags.
	Config func() any
	// Capabilities returns what an adapter with this configuration supports.
	Capabilities func(config any) Capabilities
	// New returns an adapter with this configuration. It makes no network calls
	// and opens no files. It returns an error of class Invalid if the
	// configuration is wrong.
	New func(config any, o Options) (Adapter, error)
}
