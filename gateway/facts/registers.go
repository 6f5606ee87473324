package facts

import (
	"context"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

// PutRegister stores entries of an outside register, for example a national
// do-not-call list, under its name. The first result has one entry for each,
// as in PutCustomers.
func (s *Service) PutRegister(ctx context.Context, p *access.Principal, register string, entries []ListEntry) ([]error, error) {
	if err := s.checkRegister(register); err != nil {
		return nil, err
	}
	now := s.now()
	wrong := make([]error, len(entries))
	var good []touch.Listing
	for i := range entries {
		wrong[i] = s.checkListEntry(&entries[i], now).Err()
		if wrong[i] == nil {
			good = append(good, entries[i].listing(register, now))
		}
	}
	if len(good) == 0 {
		return wrong, nil
	}
	return wrong, s.listings.Put(ctx, good, p.Key, now)
}

// CheckRegister records that a register was copied, or asked, as a whole at an
// instant, by default now. Rules with checked_within refuse when this is too
// long ago.
func (s *Service) CheckRegister(ctx context.Context, p *access.Principal, register string, at time.Time) error {
	if err := s.checkRegister(register); err != nil {
		return err
	}
	now := s.now()
	if at.IsZero() {
		at = now
	}
	if at.After(now) {
		return touch.Errorf(touch.Invalid, "at", "must not lie in the future")
	}
	mark := touch.Listing{List: register, Key: touch.RegisterKey, Since: at, CheckedAt: &at}
	return s.listings.Put(ctx, []touch.Listing{mark}, p.Key, now)
}

func (s *Service) checkRegister(name string) error {
	var faults touch.Faults
	validate.Name("register", name, 64, &faults)
	if name == touch.Suppression {
		faults.Add("register", "must not be %q: that list is the bank's own", touch.Suppression)
	}
	s.vocabulary.List("register", name, &faults)
	return faults.Err()
}
