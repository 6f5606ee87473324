package workers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

const (
	reportBatch   = 100       // events in one call
	reportMaxWait = time.Hour // between tries
	// reportLease outlives one call; several slow ones may let a second
	// reporter in, which repeats some events and skips none.
	reportLease = 30 * time.Second
)

// Webhooks tells callers what came of their touches: signed webhooks in the
// form of Standard Webhooks, https://www.standardwebhooks.com. A subscription
// hears every event in order, at least once; one that fails is tried again
// with growing pauses and never skipped.
type Webhooks struct {
	o      Options
	client *http.Client
	every  time.Duration
}

// NewWebhooks makes a reporter that calls over transport, and gives each call
// at most timeout. Many may run: one at
// a time holds the lease and speaks.
func NewWebhooks(o Options, transport http.RoundTripper, timeout time.Duration) *Webhooks {
	return &Webhooks{o: o, every: 500 * time.Millisecond, client: &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Run reports until ctx ends, whenever this one holds the lease.
func (r *Webhooks) Run(ctx context.Context) {
	for sleep(ctx, r.every) {
		now := r.o.Now()
		held, err := r.o.Ledger.Leases.Acquire(ctx, "reporter", r.o.Name, now, now.Add(reportLease))
		if err == nil && held {
			err = r.Step(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "reporting failed", slog.Any("error", err))
		}
	}
}

// Step serves every subscription until it is up to date or fails.
func (r *Webhooks) Step(ctx context.Context) error {
	subs, err := r.o.Ledger.Subscriptions.List(ctx, "")
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, s := range subs {
		if s.NextAt.After(r.o.Now()) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := r.serve(ctx, s); err != nil && ctx.Err() == nil {
				r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "webhook failed", slog.String("subscription", s.ID),
					slog.String("caller", s.Caller), slog.Int("failures", s.Failures+1), slog.Any("error", err))
			}
		})
	}
	wg.Wait()
	return nil
}

// serve sends what is new to one subscription.
func (r *Webhooks) serve(ctx context.Context, s ledger.Subscription) error {
	for ctx.Err() == nil {
		events, err := r.o.Ledger.Events.List(ctx, s.Caller, s.Cursor, reportBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		last := events[len(events)-1].Seq
		if wanted := filterKinds(events, s.Kinds); len(wanted) > 0 {
			if err := r.post(ctx, s, last, wanted); err != nil {
				s.Failures++
				wait := min(time.Second<<min(s.Failures, 12), reportMaxWait)
				return errors.Join(err, r.o.Ledger.Subscriptions.SaveCursor(ctx, s.ID, s.Cursor, s.Failures, r.o.Now().Add(wait)))
			}
		}
		s.Cursor, s.Failures = last, 0
		if err := r.o.Ledger.Subscriptions.SaveCursor(ctx, s.ID, last, 0, time.Time{}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func filterKinds(events []touch.Event, kinds []touch.EventKind) []touch.Event {
	if len(kinds) == 0 {
		return events
	}
	return slices.DeleteFunc(events, func(e touch.Event) bool { return !slices.Contains(kinds, e.Kind) })
}

// reportBody is what a webhook receives.
type reportBody struct {
	Type      string        `json:"type"`
	Timestamp time.Time     `json:"timestamp"`
	Data      []touch.Event `json:"data"`
}

func (r *Webhooks) post(ctx context.Context, s ledger.Subscription, last int64, events []touch.Event) error {
	now := r.o.Now()
	body, err := json.Marshal(reportBody{Type: "touch.events", Timestamp: now, Data: events})
	if err != nil {
		return err
	}
	hook, err := standardwebhooks.NewWebhook(s.Secret)
	if err != nil {
		return touch.Errorf(touch.Internal, "secret", "the subscription's secret is not usable")
	}
	id := fmt.Sprintf("%s-%d", s.ID, last)
	signature, err := hook.Sign(id, now, body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	resp, err := r.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return touch.Errorf(touch.Unavailable, "url", "answered %d", resp.StatusCode)
	}
	return nil
}

// withoutURL keeps a webhook's address, which may hold a token, out of logs.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
