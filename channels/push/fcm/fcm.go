// SPDX-License-Identifier: Apache-2.0

// Package fcm sends push notifications through Firebase Cloud Messaging (FCM), HTTP
// v1. It contains a small client of its own, because Google's SDK adds 25 MB to the
// binary.
//
// FCM has no idempotency key and no query, so the result of a send whose response is
// lost stays Unknown. The notification has the dispatch id as its tag: if it is sent
// twice, the second one replaces the first on the customer's screen.
//
// FCM does not report deliveries. If receipt_secret is set, the server of the bank's
// app reports which notifications the app showed. It uses the receipts of package
// vendorapi, with the data field "touchgate_id" as the id.
package fcm

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// Name is the adapter's name in configurations.
const Name = "push/fcm"

// Config is the configuration that the operator writes.
type Config struct {
	// Credentials is the JSON key of the service account, as Google issues it.
	Credentials adapter.Secret `yaml:"credentials" validate:"required"`
	// Project is the Firebase project. Empty: the project of the service account.
	Project string `yaml:"project" validate:"max=64"`
	// URL is FCM's address. The default is https://fcm.googleapis.com.
	URL string `yaml:"url" validate:"required,http_url"`
	// ReceiptSecret is the key that signs the app's reports. Empty: the adapter
	// accepts no receipts.
	ReceiptSecret adapter.Secret `yaml:"receipt_secret"`
	// PreviousSecret is accepted too, while ReceiptSecret is replaced.
	PreviousSecret adapter.Secret `yaml:"previous_secret"`
}

// Factory returns the factory of the adapter. Its Config returns a *Config.
func Factory() adapter.Factory {
	return adapter.Factory{
		Name:    Name,
		Channel: touch.Push,
		Config:  func() any { return &Config{URL: "https://fcm.googleapis.com"} },
		Capabilities: func(any) adapter.Capabilities {
			return adapter.Capabilities{EchoesID: true, NeedsAddress: true}
		},
		New: func(c any, o adapter.Options) (adapter.Adapter, error) { return build(c.(*Config), o) },
	}
}

// client sends messages through FCM for one project. It is safe for concurrent use.
type client struct {
	send  *url.URL
	token *tokens
	rt    http.RoundTripper
	now   func() time.Time
}

// reporting is a client that also parses the app's receipts.
type reporting struct {
	*client
	vendorapi.Receipts
}

// build returns a client, or a reporting client if the configuration has a
// ReceiptSecret. It returns an error of class Invalid.
func build(c *Config, o adapter.Options) (adapter.Adapter, error) {
	account, err := parseAccount(c.Credentials)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimSuffix(c.URL, "/") + "/") // JoinPath needs a rooted path
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "url", "is not an address")
	}
	project := c.Project
	if project == "" {
		project = account.Project
	}
	if project == "" || strings.Contains(project, "/") {
		return nil, touch.Errorf(touch.Invalid, "project", "is missing (also in the service account), or contains a slash")
	}
	a := &client{
		send: base.JoinPath("v1/projects", project, "messages:send"), rt: o.Transport, now: o.Now,
		token: newTokens(account, o),
	}
	if c.ReceiptSecret == "" {
		return a, nil
	}
	receipts, err := vendorapi.NewReceipts(c.ReceiptSecret, c.PreviousSecret, o.Now, false)
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "receipt_secret", "or previous_secret cannot be decoded")
	}
	return reporting{a, receipts}, nil
}

// Send implements adapter.Adapter. If FCM rejects the bearer token, Send drops the
// token, so that the next send fetches a new one.
func (c *client) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	body, err := json.Marshal(payload(d, c.now()))
	if err != nil {
		return touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonContent, Code: "unwritable"}
	}
	token, failure, ok := c.token.get(ctx)
	if !ok {
		return failure
	}
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Authorization": {"Bearer " + token}}
	reply, failure, ok := vendorhttp.Do(ctx, c.rt, vendorhttp.Call{Method: http.MethodPost, URL: c.send, Header: h, Body: body})
	if !ok {
		return failure
	}
	r := c.classify(reply)
	if reply.Status == http.StatusUnauthorized {
		c.token.drop(token)
	}
	return r
}

// Probe implements adapter.Prober. It returns nil if Google issues a token for the
// service account, an error of class Forbidden if Google refuses the account, and one
// of class Unavailable if Google cannot be reached.
func (c *client) Probe(ctx context.Context) error {
	_, failure, ok := c.token.get(ctx)
	switch {
	case ok:
		return nil
	case failure.Class == touch.ResultMisconfigured:
		return touch.Errorf(touch.Forbidden, "credentials", "Google refuses the service account: %s", failure.Code)
	}
	return touch.Errorf(touch.Unavailable, "", "Google issued no token: %s", failure.Code)
}

var (
	_ adapter.Prober        = (*client)(nil)
	_ adapter.ReceiptParser = reporting{}
)
