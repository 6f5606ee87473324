package workers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// webhookBody is the body of a webhook call.
type webhookBody struct {
	Type      string        `json:"type"`
	Timestamp time.Time     `json:"timestamp"`
	Data      []touch.Event `json:"data"`
}

// post makes one signed call. Its id is made of the subscription and the last
// event, so that a repeated call has the same id and the receiver can drop it.
func (w *Webhooks) post(ctx context.Context, s ledger.Subscription, last int64, events []touch.Event) error {
	now := w.now()
	body, err := json.Marshal(webhookBody{Type: "touch.events", Timestamp: now, Data: events})
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s-%d", s.ID, last)
	signer, err := standardwebhooks.NewWebhook(s.Secret)
	if err != nil {
		return touch.Errorf(touch.Internal, "secret", "the subscription's secret cannot be used")
	}
	signature, err := signer.Sign(id, now, body)
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

	resp, err := w.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	// The connection can be used again only after the body was read.
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return touch.Errorf(touch.Unavailable, "url", "answered %d", resp.StatusCode)
	}
	return nil
}

// withoutURL removes a webhook's address from an error: it may contain a token,
// which must not appear in a log.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
