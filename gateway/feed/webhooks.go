package feed

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/url"

	"touchgate.dev/gateway/access"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Subscribe makes a webhook of the caller. The result holds the secret that
// signs each delivery (Standard Webhooks), which cannot be shown again. The
// address must be https, or on loopback. The webhook receives every event
// after the cursor, 0 being the beginning; kinds, when not empty, narrows them.
func (s *Service) Subscribe(
	ctx context.Context, caller, address string, kinds []touch.EventKind, after int64,
) (*ledger.Subscription, error) {
	if err := checkWebhook(address, kinds, after); err != nil {
		return nil, err
	}
	id, err := access.NewID(s.random)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(s.random, secret); err != nil {
		return nil, touch.Errorf(touch.Internal, "", "no randomness: %w", err)
	}

	sub := ledger.Subscription{
		ID:        id,
		Caller:    caller,
		URL:       address,
		Secret:    "whsec_" + base64.StdEncoding.EncodeToString(secret),
		Kinds:     kinds,
		Cursor:    after,
		CreatedAt: s.now(),
	}
	return &sub, s.subscriptions.Put(ctx, sub)
}

func checkWebhook(address string, kinds []touch.EventKind, after int64) error {
	var faults touch.Faults
	if after < 0 {
		faults.Add("after", "must be at least 0")
	}
	if !isWebhookURL(address) {
		faults.Add("url", "must be an https address (http on loopback) of at most 2048 characters, without user or fragment")
	}
	if len(kinds) > 32 {
		faults.Add("kinds", "must have at most 32 entries")
	}
	for _, kind := range kinds {
		if !isEventKind(kind) {
			faults.Add("kinds", "%q is not a kind of event", kind)
		}
	}
	return faults.Err()
}

// isWebhookURL reports whether events, which name customers, may be posted
// there: encrypted, or without leaving this host.
func isWebhookURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > 2048 || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

func isEventKind(kind touch.EventKind) bool {
	switch kind {
	case touch.EventAccepted, touch.EventRefused, touch.EventDeferred, touch.EventSent, touch.EventUnknown,
		touch.EventRetry, touch.EventFallback, touch.EventDelivered, touch.EventUndelivered, touch.EventRead,
		touch.EventReplied, touch.EventOutcome, touch.EventFailed, touch.EventExpired, touch.EventCancelled,
		touch.EventUnconfirmed, touch.EventDead, touch.EventConsent, touch.EventCustomer, touch.EventListing,
		touch.EventControl:
		return true
	}
	return false
}
