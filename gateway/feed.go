package gateway

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/url"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// feedPoll is how often a waiting reader of the feed looks again.
const feedPoll = 250 * time.Millisecond

// Events gives up to limit of the caller's events after the cursor. With none
// there it waits that long for the first; none by then is an empty answer.
func (s *Service) Events(ctx context.Context, caller string, after int64, limit int, wait time.Duration) ([]touch.Event, error) {
	if limit < 1 || limit > 1000 {
		return nil, touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	if wait < 0 || wait > 30*time.Second {
		return nil, touch.Errorf(touch.Invalid, "wait", "must be 0s to 30s")
	}
	events, err := s.ledger.Events.List(ctx, caller, after, limit)
	if err != nil || len(events) > 0 || wait == 0 {
		return events, err
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	tick := time.NewTicker(feedPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil // the reader has gone
		case <-end.C:
			return nil, nil
		case <-tick.C:
		}
		if events, err := s.ledger.Events.List(ctx, caller, after, limit); err != nil || len(events) > 0 {
			return events, err
		}
	}
}

// Subscribe makes a webhook of the caller and gives the secret that signs it
// (Standard Webhooks), which cannot be shown again. The address must be https,
// or on loopback. It hears of everything after the cursor; 0 is the beginning.
func (s *Service) Subscribe(ctx context.Context, caller, address string, kinds []touch.EventKind, after int64) (*ledger.Subscription, error) {
	var faults touch.Faults
	if after < 0 {
		faults.Add("after", "must be at least 0")
	}
	if !goodWebhook(address) {
		faults.Add("url", "must be an https address (http on loopback) of at most 2048 characters, without user or fragment")
	}
	if len(kinds) > 32 {
		faults.Add("kinds", "must have at most 32 entries")
	}
	for _, k := range kinds {
		if !knownKind(k) {
			faults.Add("kinds", "%q is not a kind of event", k)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	id, err := s.random(10)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(s.rand, secret); err != nil {
		return nil, touch.Errorf(touch.Internal, "", "no randomness: %w", err)
	}
	sub := ledger.Subscription{
		ID: id, Caller: caller, URL: address, Kinds: kinds, Cursor: after, CreatedAt: s.now(),
		Secret: "whsec_" + base64.StdEncoding.EncodeToString(secret),
	}
	return &sub, s.ledger.Subscriptions.Put(ctx, sub)
}

// Subscriptions lists the caller's webhooks.
func (s *Service) Subscriptions(ctx context.Context, caller string) ([]ledger.Subscription, error) {
	return s.ledger.Subscriptions.List(ctx, caller)
}

// Unsubscribe ends a webhook of the caller; class NotFound.
func (s *Service) Unsubscribe(ctx context.Context, caller, id string) error {
	return s.ledger.Subscriptions.Delete(ctx, caller, id)
}

func goodWebhook(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > 2048 || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

func knownKind(k touch.EventKind) bool {
	switch k {
	case touch.EventAccepted, touch.EventRefused, touch.EventDeferred, touch.EventSent, touch.EventUnknown,
		touch.EventRetry, touch.EventFallback, touch.EventDelivered, touch.EventUndelivered, touch.EventRead,
		touch.EventReplied, touch.EventOutcome, touch.EventFailed, touch.EventExpired, touch.EventCancelled,
		touch.EventUnconfirmed, touch.EventDead, touch.EventConsent, touch.EventCustomer, touch.EventListing,
		touch.EventControl:
		return true
	}
	return false
}
