package workers

import (
	"context"
	"log/slog"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// commitContact returns the settlement that turns the job's reservation into a
// contact made at an instant.
func (j *job) commitContact(at time.Time, kind touch.ContactKind) *contactlog.Settlement {
	made := j.entry
	made.At = at
	made.Kind = contactlog.KindOf(kind)
	s := &contactlog.Settlement{Customer: j.touch().Customer, ID: j.dispatchID(), At: at, Kind: made.Kind}

	// The log may have lost the reservation meanwhile; with the entry it can
	// write the contact all the same.
	if made.ID != "" {
		s.Entry = &made
	}
	return s
}

// releaseContact returns the settlement that releases the reservation of a
// message that was surely not sent, also if its outcome was unknown before.
func (j *job) releaseContact() *contactlog.Settlement {
	return &contactlog.Settlement{Customer: j.touch().Customer, ID: j.dispatchID(), Release: true, At: j.judgedAt}
}

// releaseIfReserved returns the settlement that releases the reservation which
// this job made; nil if it made none.
func (j *job) releaseIfReserved() *contactlog.Settlement {
	if !j.reserved {
		return nil
	}
	return j.releaseContact()
}

// unknownContact returns the contact that the ledger keeps of a leg that may
// have been sent at an instant.
func (j *job) unknownContact(at time.Time) *ledger.Contact {
	return &ledger.Contact{Leg: j.leg, Channel: j.channel(), At: at}
}

// settleContacts commits and releases reservations in the contact log. If the
// log does not answer, the reservations stay: they count against the caps, so
// this is the strict side.
func (s *services) settleContacts(ctx context.Context, settlements []contactlog.Settlement) {
	if len(settlements) == 0 {
		return
	}
	if err := s.guard.Settle(ctx, settlements); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "contact log not settled",
			slog.Int("contacts", len(settlements)), slog.Any("error", err))
	}
}
