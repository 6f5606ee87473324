package gateway

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Receive takes a vendor's callback in: the provider's parser verifies and
// parses it, the ledger stores it. When it answers without error the receipts
// are durable. Class NotFound: the provider is unknown or has no callbacks;
// Unauthenticated: it is forged; Invalid: it is broken.
func (s *Service) Receive(ctx context.Context, provider string, r adapter.ReceiptRequest) (adapter.Ack, error) {
	var parser adapter.ReceiptParser
	known := false
	if s.receipts != nil {
		parser, known = s.receipts(provider)
	}
	if !known {
		return adapter.Ack{}, touch.Errorf(touch.NotFound, "provider", "no provider of this name takes receipts")
	}
	receipts, ack, err := parser.ParseReceipts(r)
	if err != nil {
		return adapter.Ack{}, err
	}
	for i := range receipts {
		receipts[i].Provider = provider // a vendor speaks for itself only
	}
	return ack, s.Record(ctx, receipts)
}

// Report stores receipts from a system of the bank itself, a call centre for
// example, which the key vouches for: by dispatch id, and of no future.
func (s *Service) Report(ctx context.Context, p *Principal, receipts []touch.Receipt) error {
	now := s.now()
	var faults touch.Faults
	for i := range receipts {
		r := &receipts[i]
		faults = append(faults, checkReceipt(r, now).In("receipts", i)...)
		r.Provider, r.VendorID = "caller:"+p.Caller, ""
	}
	if len(faults) > 0 {
		return faults
	}
	return s.Record(ctx, receipts)
}

func checkReceipt(r *touch.Receipt, now time.Time) (faults touch.Faults) {
	if _, _, err := touch.ParseDispatchID(r.Dispatch); err != nil {
		faults.Add("dispatch", "must be a dispatch id: a touch id, a dot and the leg")
	}
	switch r.Kind {
	case touch.ReceiptDelivered, touch.ReceiptFailed, touch.ReceiptReplied, touch.ReceiptRead:
	case touch.ReceiptOutcome:
		if r.Outcome == "" {
			faults.Add("outcome", "is required")
		}
	default:
		faults.Add("kind", "must be one of delivered, failed, replied, read, outcome")
	}
	if len(r.Reason) > 64 || len(r.Outcome) > 64 || len(r.Code) > 64 {
		faults.Add("outcome", "reason, outcome and code have at most 64 characters")
	}
	checkInstant(&r.At, now, &faults)
	return faults
}

// Record stores receipts that are known to be genuine, from our own channels
// and from callers' systems, and corrects the contact log by them.
func (s *Service) Record(ctx context.Context, receipts []touch.Receipt) error {
	for chunk := range slices.Chunk(receipts, touch.MaxBatch) {
		received, err := s.ledger.Receipts.Receive(ctx, chunk, s.now())
		if err != nil {
			return err
		}
		var corrections []contactlog.Settlement
		for i := range received {
			r := &received[i]
			s.metrics.receipts.WithLabelValues(resultOf(r)).Inc()
			if c, ok := correction(r); ok {
				corrections = append(corrections, c)
			}
		}
		s.correct(ctx, corrections)
	}
	return nil
}

// correct is best effort: the ledger has the contact, and the log is rebuilt
// from it.
func (s *Service) correct(ctx context.Context, corrections []contactlog.Settlement) {
	if len(corrections) == 0 {
		return
	}
	if err := s.guard.Settle(ctx, corrections); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "the contact log was not corrected by receipts",
			slog.Any("error", err), slog.Int("contacts", len(corrections)))
	}
}

func resultOf(r *ledger.AppliedReceipt) string {
	switch {
	case !r.Known:
		return "unmatched"
	case r.Changed:
		return "news"
	}
	return "repeated"
}

// correction is what a receipt changes in the contact log: how far the leg's
// contact came, and, where the place was released and the contact is now known
// to have been made, the contact itself.
func correction(r *ledger.AppliedReceipt) (contactlog.Settlement, bool) {
	if !r.Known || !r.Changed {
		return contactlog.Settlement{}, false
	}
	before, _ := r.Before.ContactOn(r.Leg)
	after, ok := r.After.ContactOn(r.Leg)
	if !ok || before.Kind == after.Kind {
		return contactlog.Settlement{}, false
	}
	entry := policies.EntryOf(policies.Question{Touch: &r.Touch, Leg: r.Leg, Address: touch.AddressOn(after.Channel, &r.Touch.Request, nil), Now: after.At})
	entry.Kind = contactlog.KindOf(after.Kind)
	return contactlog.Settlement{Customer: r.Touch.Customer, ID: entry.ID, At: after.At, Kind: entry.Kind, Entry: &entry}, true
}
