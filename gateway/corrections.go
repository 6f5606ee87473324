package gateway

import (
	"context"
	"log/slog"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// correction returns what a receipt changes in the contact log: how far the
// leg's contact came. It holds the whole entry too, for a leg whose
// reservation was released as "not sent" and which a receipt now proves sent.
func correction(r *ledger.AppliedReceipt) (contactlog.Settlement, bool) {
	if !r.Known || !r.Changed {
		return contactlog.Settlement{}, false
	}
	before, _ := r.Before.ContactOn(r.Leg)
	after, ok := r.After.ContactOn(r.Leg)
	if !ok || before.Kind == after.Kind {
		return contactlog.Settlement{}, false
	}

	question := policies.Question{
		Touch:   &r.Touch,
		Leg:     r.Leg,
		Address: touch.AddressOn(after.Channel, &r.Touch.Request, nil),
		Now:     after.At,
	}
	entry := question.Entry()
	entry.Kind = contactlog.KindOf(after.Kind)
	return contactlog.Settlement{
		Customer: r.Touch.Customer,
		ID:       entry.ID,
		At:       after.At,
		Kind:     entry.Kind,
		Entry:    &entry,
	}, true
}

// correctContacts corrects the contact log as far as it answers. A failure is
// only logged: the ledger has the contact, and the log is rebuilt from it.
func (s *Service) correctContacts(ctx context.Context, corrections []contactlog.Settlement) {
	if len(corrections) == 0 {
		return
	}
	if err := s.guard.Settle(ctx, corrections); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "contact log not corrected by receipts",
			slog.String("component", "gateway"), slog.Any("error", err), slog.Int("contacts", len(corrections)))
	}
}
