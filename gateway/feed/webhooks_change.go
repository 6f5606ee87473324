package feed

import (
	"context"
	"slices"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// maxAgain bounds the deliveries that wait to be sent again by hand.
const maxAgain = 10

// MoveWebhook changes the address. What was not delivered yet goes to the new
// address at once, with the ids that it has. Class NotFound.
func (s *Service) MoveWebhook(ctx context.Context, p *access.Principal, id, address string) (*ledger.Subscription, error) {
	if err := s.guard.CheckURL(address); err != nil {
		return nil, touch.Errorf(touch.Invalid, "url", "%v", err)
	}
	return s.subscriptions.Change(ctx, p.Caller, id, s.act(p, "the address was changed"), func(sub *ledger.Subscription) error {
		sub.URL = address
		sub.Failures = 0
		sub.NextAt = time.Time{}
		return nil
	})
}

// RotateSecret gives a webhook a new secret, which is in the result this once.
// The one before signs beside it for overlap (0 to 7 days), so that the receiver
// can change at its leisure. 0 ends all earlier secrets at once. Class NotFound;
// Conflict: too many secrets are in use.
func (s *Service) RotateSecret(
	ctx context.Context, p *access.Principal, id string, overlap time.Duration,
) (*ledger.Subscription, error) {
	if overlap < 0 || overlap > maxOverlap {
		return nil, touch.Errorf(touch.Invalid, "overlap", "must be 0s to 7d")
	}
	secret, err := s.newSecret()
	if err != nil {
		return nil, err
	}
	now := s.now()
	return s.subscriptions.Change(ctx, p.Caller, id, s.act(p, "the secret was rotated"), func(sub *ledger.Subscription) error {
		previous := slices.DeleteFunc(slices.Clone(sub.Previous), func(s ledger.PastSecret) bool { return !now.Before(s.Until) })
		previous = append(previous, ledger.PastSecret{Secret: sub.Secret, Until: now.Add(overlap)})
		if overlap == 0 {
			previous = nil
		}
		if len(previous) >= maxSecrets {
			return touch.Errorf(touch.Conflict, "", "%d secrets sign already: rotate with an overlap of 0s, or wait until one ends", maxSecrets)
		}
		sub.Previous = previous
		sub.Secret = secret
		return nil
	})
}

// AdoptWebhook ties a webhook to the principal's key instead of the key that
// made it. A caller that changes its key adopts its webhooks with the new one
// before the old one is revoked. Class NotFound.
func (s *Service) AdoptWebhook(ctx context.Context, p *access.Principal, id string) (*ledger.Subscription, error) {
	return s.subscriptions.Change(ctx, p.Caller, id, s.act(p, "adopted by the key "+p.Key), func(sub *ledger.Subscription) error {
		sub.Key = p.Key
		return nil
	})
}

// Redeliver sends one of the last deliveries again, with its id and its body. An
// empty delivery is the one that waits for its next try: it is tried at once.
// Class NotFound: there is no such webhook or delivery; Conflict: too many wait
// already.
func (s *Service) Redeliver(ctx context.Context, p *access.Principal, id, delivery string) (*ledger.Subscription, error) {
	reason := "the next try was asked for"
	if delivery != "" {
		reason = "a delivery was asked for again"
	}
	return s.subscriptions.Change(ctx, p.Caller, id, s.act(p, reason), func(sub *ledger.Subscription) error {
		if delivery == "" || sub.Pending != nil && sub.Pending.ID == delivery {
			sub.NextAt = time.Time{}
			return nil
		}
		is := func(d ledger.Delivery) bool { return d.ID == delivery }
		at := slices.IndexFunc(sub.Calls, func(c ledger.WebhookCall) bool { return is(c.Delivery) })
		switch {
		case at < 0:
			return touch.Errorf(touch.NotFound, "delivery", "is none of the last deliveries of this webhook")
		case slices.ContainsFunc(sub.Again, is):
			return nil
		case len(sub.Again) >= maxAgain:
			return touch.Errorf(touch.Conflict, "delivery", "%d deliveries wait to be sent again already", maxAgain)
		}
		sub.Again = append(sub.Again, sub.Calls[at].Delivery)
		return nil
	})
}
