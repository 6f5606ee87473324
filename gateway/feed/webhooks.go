package feed

import (
	"context"
	"encoding/base64"
	"io"
	"slices"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

const (
	// maxOverlap bounds how long a secret signs after it was rotated away.
	maxOverlap = 7 * 24 * time.Hour
	// maxSecrets bounds the secrets that sign one call.
	maxSecrets = 5
	// maxBacklog bounds how many events a backlog counts.
	maxBacklog = 10_000
)

// NewWebhook is what a caller asks for.
type NewWebhook struct {
	URL   string
	Kinds []touch.EventKind // empty: all
	After int64             // the webhook receives every event after this Seq; 0 is the beginning
}

// Subscribe makes a webhook of the principal's caller, which ends with the
// principal's key. The result holds the secret that signs each delivery
// (Standard Webhooks), which cannot be shown again. The address must be one
// that the guard allows. Class Conflict: the caller has too many.
func (s *Service) Subscribe(ctx context.Context, p *access.Principal, w NewWebhook) (*ledger.Subscription, error) {
	if err := s.checkWebhook(w); err != nil {
		return nil, err
	}
	id, err := access.NewID(s.random)
	if err != nil {
		return nil, err
	}
	secret, err := s.newSecret()
	if err != nil {
		return nil, err
	}
	sub := ledger.Subscription{
		ID:        id,
		Caller:    p.Caller,
		Key:       p.Key,
		URL:       w.URL,
		Secret:    secret,
		Kinds:     w.Kinds,
		Cursor:    w.After,
		CreatedAt: s.now(),
	}
	return &sub, s.subscriptions.Create(ctx, sub, s.maxWebhooks)
}

func (s *Service) newSecret() (string, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(s.random, secret); err != nil {
		return "", touch.Errorf(touch.Internal, "", "no randomness: %w", err)
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(secret), nil
}

func (s *Service) checkWebhook(w NewWebhook) error {
	var faults touch.Faults
	if w.After < 0 {
		faults.Add("after", "must be at least 0")
	}
	if err := s.guard.CheckURL(w.URL); err != nil {
		faults.Add("url", "%v", err)
	}
	if len(w.Kinds) > 32 {
		faults.Add("kinds", "must have at most 32 entries")
	}
	for i, kind := range w.Kinds {
		switch {
		case !slices.Contains(touch.EventKinds(), kind):
			faults.Add("kinds", "%q is not a kind of event%s", kind, suggest(kind))
		case slices.Contains(w.Kinds[:i], kind):
			faults.Add("kinds", "%q stands there twice", kind)
		}
	}
	return faults.Err()
}

// suggest names the kind that was probably meant.
func suggest(kind touch.EventKind) string {
	known := make([]string, 0, len(touch.EventKinds()))
	for _, k := range touch.EventKinds() {
		known = append(known, string(k))
	}
	if near, ok := strictyaml.Nearest(string(kind), known); ok {
		return " (did you mean " + near + "?)"
	}
	return ""
}

// Webhooks returns up to limit webhooks with an id after the given one: the
// principal's own, or those of a caller or of all ("") for an administrator.
// Class Forbidden: only an administrator sees another caller's.
func (s *Service) Webhooks(
	ctx context.Context, p *access.Principal, caller, after string, limit int,
) ([]ledger.Subscription, error) {
	if caller != p.Caller && !p.May(access.ScopeAdmin) {
		return nil, touch.Errorf(touch.Forbidden, "", "the API key lacks the scope %q, which webhooks of other callers need", access.ScopeAdmin)
	}
	return s.subscriptions.List(ctx, caller, after, limit)
}

// Webhook returns one with its backlog.
func (s *Service) Webhook(ctx context.Context, p *access.Principal, id string) (*ledger.Subscription, ledger.Backlog, error) {
	sub, err := s.subscriptions.Get(ctx, reach(p), id)
	if err != nil {
		return nil, ledger.Backlog{}, err
	}
	backlog, err := s.index.Backlog(ctx, sub.Caller, sub.Kinds, sub.Cursor, maxBacklog)
	return sub, backlog, err
}

// Unsubscribe ends a webhook. No call begins after it, calls under way apart.
// Class NotFound.
func (s *Service) Unsubscribe(ctx context.Context, p *access.Principal, id string) error {
	return s.subscriptions.End(ctx, reach(p), id, s.act(p, "by request"))
}

// reach is the caller whose webhooks the principal may see and end: its own, or
// those of all ("") for an administrator.
func reach(p *access.Principal) string {
	if p.May(access.ScopeAdmin) {
		return ""
	}
	return p.Caller
}

func (s *Service) act(p *access.Principal, reason string) ledger.SubscriptionAct {
	return ledger.SubscriptionAct{Actor: p.Key, At: s.now(), Reason: reason}
}
