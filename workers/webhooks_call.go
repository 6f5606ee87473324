package workers

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"touchgate.dev/internal/netguard"
	"touchgate.dev/ledger"
)

// Why a call had no answer, in the words that GET /v1/subscriptions/{id} shows.
// The text of an error may quote an address, and an address may hold a token.
const (
	noAnswerTimeout    = "timeout"
	noAnswerRefused    = "refused"
	noAnswerName       = "name_not_found"
	noAnswerNotAllowed = "address_not_allowed"
	noAnswerTLS        = "tls"
	noAnswerOther      = "no_answer"
	noAnswerSecret     = "unusable_secret"
)

// call makes one signed call of a delivery. The signature and its instant are
// of this try; the id and the body are the delivery's.
func (w *Webhooks) call(ctx context.Context, sub *ledger.Subscription, d *ledger.Delivery, body []byte) ledger.WebhookCall {
	began := w.now()
	call := ledger.WebhookCall{Delivery: *d, CalledAt: began}
	signature, err := sign(sub, d.ID, began, body)
	if err != nil {
		call.Error = noAnswerSecret
		return call
	}
	call.Status, err = w.post(ctx, sub.URL, d.ID, signature, began, body)
	call.Took = max(0, w.now().Sub(began))
	if err != nil {
		call.Error = wordFor(err)
	}
	return call
}

// sign returns the signatures by the secret, and by those that were rotated
// away and are still good.
func sign(sub *ledger.Subscription, id string, at time.Time, body []byte) (string, error) {
	secrets := []string{sub.Secret}
	for _, p := range sub.Previous {
		if at.Before(p.Until) {
			secrets = append(secrets, p.Secret)
		}
	}
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", err
		}
		signature, err := signer.Sign(id, at, body)
		if err != nil {
			return "", err
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, " "), nil
}

func (w *Webhooks) post(
	ctx context.Context, address, id, signature string, at time.Time, body []byte,
) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "touchgate")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)

	resp, err := w.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	// The connection can be used again only after the body was read. The status
	// is the answer, whatever becomes of the body.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, nil
}

// wordFor returns the word for an error of a call.
func wordFor(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, netguard.ErrRefused):
		return noAnswerNotAllowed
	case errors.As(err, &name) && name.IsNotFound:
		return noAnswerName
	case errors.Is(err, syscall.ECONNREFUSED):
		return noAnswerRefused
	case errors.As(err, &certificate), errors.As(err, &unknown), errors.As(err, &record):
		return noAnswerTLS
	case errors.As(err, &timeout) && timeout.Timeout():
		return noAnswerTimeout
	}
	return noAnswerOther
}
