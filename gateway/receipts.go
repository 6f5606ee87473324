package gateway

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// TakesCallbacks returns an error of class NotFound when no provider of this
// name takes receipts. It is for callers who have not read the callback yet.
func (s *Service) TakesCallbacks(provider string) error {
	_, err := s.parser(provider)
	return err
}

// parser returns the parser of a provider's callbacks; class NotFound.
func (s *Service) parser(provider string) (adapter.ReceiptParser, error) {
	if s.parsers != nil {
		if parser, known := s.parsers(provider); known {
			return parser, nil
		}
	}
	return nil, touch.Errorf(touch.NotFound, "provider", "no provider of this name takes receipts")
}

// ReceiveCallback stores the receipts of a vendor's callback: the provider's
// parser verifies and parses it. When it returns without error the receipts
// are durable, and the Ack is the answer that the vendor expects. Class
// NotFound: the provider is unknown or has no callbacks; Unauthenticated: the
// callback is forged; Invalid: it cannot be parsed.
func (s *Service) ReceiveCallback(ctx context.Context, provider string, r adapter.ReceiptRequest) (adapter.Ack, error) {
	parser, err := s.parser(provider)
	if err != nil {
		return adapter.Ack{}, err
	}
	receipts, ack, err := parser.ParseReceipts(r)
	if err != nil {
		return adapter.Ack{}, err
	}

	s.countUnread(ctx, provider, &ack)

	// Store first and acknowledge then: a vendor repeats what it gets no
	// acknowledgement for.
	for i := range receipts {
		receipts[i].Provider = provider // a vendor speaks only about its own messages
		// A word that nobody has declared is kept: the vendor cannot mend it.
		receipts[i].Outcome = s.vocabulary.SpellOutcome(receipts[i].Outcome)
	}
	return ack, s.Receive(ctx, receipts)
}

// countUnread counts and logs the entries of a callback that were not taken.
func (s *Service) countUnread(ctx context.Context, provider string, ack *adapter.Ack) {
	s.metrics.receipts.WithLabelValues("foreign").Add(float64(ack.Foreign))
	if len(ack.Faults) == 0 {
		return
	}
	s.metrics.badReceipts.WithLabelValues(provider).Add(float64(len(ack.Faults)))
	first := ack.Faults[0]
	s.log.LogAttrs(ctx, slog.LevelWarn, "entries of a receipt callback were not taken",
		slog.String("component", "gateway"), slog.String("provider", provider), slog.Int("entries", len(ack.Faults)),
		slog.String("first", first.Field+": "+first.Message))
}

// ReceiveFrom stores receipts that a system of the bank reports, for example a
// call centre. The key that it presents vouches for them. They name their
// touch by dispatch id; one about another caller's touch changes nothing. The
// good ones are stored also where others are wrong: to send all again does no
// harm. Faults name the wrong ones.
func (s *Service) ReceiveFrom(ctx context.Context, p *access.Principal, receipts []touch.Receipt) error {
	now := s.now()
	var faults touch.Faults
	good := make([]touch.Receipt, 0, len(receipts))
	for i := range receipts {
		r := receipts[i]
		ofReceipt := s.checkReceipt(&r, now)
		if len(ofReceipt) > 0 {
			faults = append(faults, ofReceipt.In("receipts", i)...)
			continue
		}
		r.Provider = ledger.ReportedBy(p.Caller)
		r.VendorID = ""
		good = append(good, r)
	}
	if err := s.Receive(ctx, good); err != nil {
		return err
	}
	return faults.Err()
}

func (s *Service) checkReceipt(r *touch.Receipt, now time.Time) touch.Faults {
	var faults touch.Faults
	r.Outcome = s.vocabulary.Outcome("outcome", r.Outcome, &faults)
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
	validate.Instant(&r.At, now, &faults)
	return faults
}

// Receive stores receipts that are known to be genuine, and corrects the
// contact log by them. The same receipt again changes nothing.
func (s *Service) Receive(ctx context.Context, receipts []touch.Receipt) error {
	for chunk := range slices.Chunk(receipts, touch.MaxBatch) {
		received, err := s.ledger.Receipts.Receive(ctx, chunk, s.now())
		if err != nil {
			return err
		}

		// The ledger has the receipts. What they change about a contact is now
		// brought to the contact log, whose caps count by it.
		var corrections []contactlog.Settlement
		for i := range received {
			r := &received[i]
			s.metrics.receipts.WithLabelValues(receiptResult(r)).Inc()
			if c, ok := correction(r); ok {
				corrections = append(corrections, c)
			}
		}
		s.correctContacts(ctx, corrections)
	}
	return nil
}

// receiptResult returns the metric's label for a receipt.
func receiptResult(r *ledger.AppliedReceipt) string {
	switch {
	case r.Foreign:
		return "foreign"
	case !r.Known:
		return "unmatched"
	case r.Changed:
		return "news"
	}
	return "repeated"
}
