// SPDX-License-Identifier: Apache-2.0

// Package firstparty is what the channels that are ours share: popup, inbox and
// rmtask do not call a vendor, they store an item that the bank's app or the
// managers' desk then shows. Storing the same id twice is storing it once, so
// these channels can be tried again without fear.
package firstparty

import (
	"context"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Window is how long a stored item is known again by its id, and MaxBatch how
// many are stored at once.
const (
	Window   = 30 * 24 * time.Hour
	MaxBatch = 500
)

// Store keeps items; ledger.Items is one.
type Store interface {
	// Put stores new items; one whose id is known changes nothing.
	Put(ctx context.Context, items []touch.Item) error
}

// Channel is the adapter of a channel of ours. Item makes the item of a
// dispatch; the channel fills in what all items have.
type Channel struct {
	Store Store
	Now   func() time.Time
	Item  func(d adapter.Dispatch, now time.Time) touch.Item
}

var _ adapter.BatchSender = Channel{}

// Send implements adapter.Adapter.
func (c Channel) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	return c.SendBatch(ctx, []adapter.Dispatch{d})[0]
}

// SendBatch implements adapter.BatchSender: all are stored in one transaction, or none.
func (c Channel) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	out := make([]touch.Result, len(ds))
	items := make([]touch.Item, 0, len(ds))
	for i, d := range ds {
		if d.Customer == "" {
			out[i] = touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonBadTarget, Code: "no_customer"}
			continue
		}
		out[i] = touch.Result{Class: touch.ResultAccepted, VendorID: d.ID}
		items = append(items, c.item(d))
	}
	if len(items) == 0 {
		return out
	}
	if failure, ok := storeResult(c.Store.Put(ctx, items)); !ok {
		for i := range out {
			if out[i].Class == touch.ResultAccepted {
				out[i] = failure
			}
		}
	}
	return out
}

func (c Channel) item(d adapter.Dispatch) touch.Item {
	now := c.Now()
	it := c.Item(d, now)
	it.ID, it.Channel, it.Customer, it.Campaign = d.ID, d.Channel, d.Customer, d.Campaign
	it.Category, it.Subject, it.CreatedAt, it.UpdatedAt = d.Category, d.Subject, now, now
	if !d.ExpiresAt.IsZero() {
		it.ExpiresAt = &d.ExpiresAt
	}
	return it
}

// storeResult words the store's answer. A store that failed may have committed, so
// that is Unknown; only an answer about the items themselves is a rejection.
func storeResult(err error) (touch.Result, bool) {
	switch touch.ClassOf(err) {
	case "":
		return touch.Result{}, true
	case touch.Invalid, touch.TooLarge:
		return touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonOther, Code: "store_refused"}, false
	}
	return touch.Result{Code: "store_failed"}, false
}

// Capabilities are those of every channel of ours.
func Capabilities(immediate bool) adapter.Capabilities {
	return adapter.Capabilities{IdempotencyWindow: Window, MaxBatch: MaxBatch, DeliversOnAccept: immediate, EchoesID: true}
}

// After is the instant d after now, nil for no length.
func After(now time.Time, d touch.Duration) *time.Time {
	if d == 0 {
		return nil
	}
	t := now.Add(d.Std())
	return &t
}
