// SPDX-License-Identifier: Apache-2.0

// Package adapter is the contract between Touchgate and a vendor's code. A
// vendor implements Adapter, and whichever optional interfaces its API can
// serve, and describes itself with a Factory. The kit in channels/adaptertest
// proves that the duties below are kept.
package adapter

import (
	"context"
	"net/http"
	"time"

	"touchgate.dev/touch"
)

// Dispatch is one message on its way to one address. It is read-only.
type Dispatch struct {
	// ID names the message towards the vendor. It stays the same when the
	// same message is tried again: use it as the idempotency key.
	ID        string
	Touch     touch.ID
	Leg       int
	Channel   touch.Channel
	Customer  string
	Category  touch.Category
	Campaign  string
	Subject   string
	Address   string // empty on channels that reach by customer
	Template  string // the template's name, for vendors that keep templates
	Params    map[string]string
	Content   touch.Content // rendered
	Assignee  *touch.Assignee
	DueIn     time.Duration // rm_task: how long the manager has
	ExpiresAt time.Time     // zero: never
	// NotAfter is when what was judged no longer holds: the host begins no call
	// after it. Zero: whenever. Adapters need not look at it.
	NotAfter time.Time
	// Urgent says that bulk never holds it up. Adapters need not look at it.
	Urgent bool
	// Resend marks a deliberate second send after an unknown outcome.
	Resend bool
}

// Adapter sends messages by one vendor account.
//
// Duties: Send may be called from many goroutines at once. It makes one
// attempt: it never retries, never sleeps, and returns when ctx ends. It tells
// what surely was not sent (Rejected, Retryable, Throttled, Misconfigured) from
// what may have been (the zero class, Unknown): a timeout after the request was
// written and a 5xx on a create without idempotency are Unknown, a refused
// connection is Retryable. It puts no address, text or secret into a Result or
// a log line.
type Adapter interface {
	Send(ctx context.Context, d Dispatch) touch.Result
}

// BatchSender sends several dispatches in one call to the vendor. The answer
// has one Result for each dispatch, in order; a missing one counts as Unknown.
type BatchSender interface {
	SendBatch(ctx context.Context, ds []Dispatch) []touch.Result
}

// ReceiptRequest is a vendor's call to us.
type ReceiptRequest struct {
	Method string
	URL    string // the public URL, as the vendor signed it
	Header http.Header
	Body   []byte
}

// ReceiptParser reads a vendor's callback. It verifies the signature before it
// parses; a forged one is an error of class Unauthenticated, a broken one of
// class Invalid. It never panics. The Ack is what the vendor wants to hear.
type ReceiptParser interface {
	ParseReceipts(r ReceiptRequest) ([]touch.Receipt, Ack, error)
}

// Ack is the answer that a vendor expects to its callback; zero is an empty 204.
type Ack struct {
	Status      int
	ContentType string
	Body        []byte
}

// Querier asks the vendor what became of a dispatch. The Result is Accepted
// when the vendor has it, Retryable when the vendor surely does not, and
// Unknown when it cannot say.
type Querier interface {
	Query(ctx context.Context, d Dispatch) touch.Result
}

// Recaller takes a message back where the vendor still can. Nothing calls it
// yet: a later version takes cancelled touches back with it.
type Recaller interface {
	Recall(ctx context.Context, d Dispatch) error
}

// Prober checks the account without sending anything. Nothing calls it yet: a
// later command verifies a provider with it.
type Prober interface {
	Probe(ctx context.Context) error
}

// Capabilities are a vendor's promises; the kit checks those that it can.
type Capabilities struct {
	// IdempotencyWindow is how long the vendor treats a repeated Dispatch.ID
	// as one message; 0: not at all.
	IdempotencyWindow time.Duration
	// MaxBatch is the most dispatches in one SendBatch; 0 or 1: no batches.
	MaxBatch int
	// DeliversOnAccept says that an accepted message is delivered at once, as
	// on first-party channels.
	DeliversOnAccept bool
	// EchoesID says that receipts carry Dispatch.ID; otherwise they are
	// matched by the vendor's id.
	EchoesID bool
	// NeedsAddress says that a dispatch without an address cannot be sent.
	NeedsAddress bool
}

// Options are what the host injects into an adapter.
type Options struct {
	// Transport is shared by all adapters; it carries timeouts and tracing.
	Transport http.RoundTripper
	Now       func() time.Time
}

// Factory describes a kind of adapter. Config returns a pointer to a
// configuration with its defaults set, with yaml and validate tags; New builds
// the adapter from it and does no input or output.
type Factory struct {
	Name         string // for example "sms/http"
	Channel      touch.Channel
	Config       func() any
	Capabilities func(config any) Capabilities
	New          func(config any, o Options) (Adapter, error)
}
