// SPDX-License-Identifier: Apache-2.0

// Package firstparty serves the channels that the bank owns: a customer's app
// reads its inbox and pop-ups, a relationship manager works on the tasks of a
// desk. What they do with an item (read, completed) goes the way of a vendor's
// receipt, so that the touch and the contact log learn of it.
//
// Every method is safe for concurrent use. Errors are *touch.Error, or
// touch.Faults where an input has several.
package firstparty

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"touchgate.dev/gateway/vocabulary"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// ReceiptReceiver stores receipts; *gateway.Service is one.
type ReceiptReceiver interface {
	Receive(ctx context.Context, receipts []touch.Receipt) error
}

// Options are what the service is built from. Items and Receipts are required.
type Options struct {
	Items    ledger.Items
	Receipts ReceiptReceiver
	// Vocabulary knows the outcomes; nil knows those of the program itself.
	Vocabulary *vocabulary.Checker
	Now        func() time.Time // default time.Now
	Logger     *slog.Logger     // default: discards
	// WatchesPerCustomer and Watches bound how many inboxes are watched at once
	// on this node (default 3 and 2,000).
	WatchesPerCustomer int
	Watches            int
}

// Service serves inbox, pop-ups and tasks.
type Service struct {
	items      ledger.Items
	receipts   ReceiptReceiver
	vocabulary *vocabulary.Checker
	now        func() time.Time
	log        *slog.Logger
	inboxes    *inboxHub
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{items: o.Items, receipts: o.Receipts, vocabulary: o.Vocabulary, now: o.Now, log: o.Logger}
	s.inboxes = &inboxHub{
		perCustomer: cmp.Or(o.WatchesPerCustomer, defaultWatchesPerCustomer),
		perNode:     cmp.Or(o.Watches, defaultWatches),
		pollers:     map[string]*inboxPoller{},
	}
	if s.vocabulary == nil {
		s.vocabulary = vocabulary.New(nil)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}
