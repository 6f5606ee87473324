// SPDX-License-Identifier: Apache-2.0

// Package fcm sends push notifications by Firebase Cloud Messaging, HTTP v1:
// a thin client of our own, since Google's SDK weighs 25 MB. FCM knows no
// idempotency key and cannot be asked, so a lost answer stays Unknown; the
// notification carries the dispatch id as its tag, so that a second one
// replaces the first on the customer's screen.
//
// FCM itself reports no delivery. Where receipt_secret is set, the bank's app
// (by its server) reports what it showed, in the words of package vendorapi,
// with the data field "touchgate_id" as id.
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

// Config is the operator's part.
type Config struct {
	// Credentials is the service account's JSON key, as Google gives it.
	Credentials adapter.Secret `yaml:"credentials" validate:"required"`
	// Project is the Firebase project; "" is the service account's.
	Project string `yaml:"project" validate:"max=64"`
	// URL is where FCM answers.
	URL string `yaml:"url" validate:"required,http_url"`
	// ReceiptSecret, where set, signs the app's reports of what it showed.
	ReceiptSecret  adapter.Secret `yaml:"receipt_secret"`
	PreviousSecret adapter.Secret `yaml:"previous_secret"`
}

// Factory describes the adapter.
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

// client is FCM for one project.
type client struct {
	send  *url.URL
	token *tokens
	rt    http.RoundTripper
	now   func() time.Time
}

// reporting is a client whose app reports what it showed.
type reporting struct {
	*client
	vendorapi.Receipts
}

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
		return nil, touch.Errorf(touch.Invalid, "project", "must be given: the service account names none")
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
		return nil, touch.Errorf(touch.Invalid, "receipt_secret", "or previous_secret cannot be read as a secret")
	}
	return reporting{a, receipts}, nil
}

// Send implements adapter.Adapter.
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
	r := c.judge(reply)
	if reply.Status == http.StatusUnauthorized {
		c.token.drop(token)
	}
	return r
}

// Probe implements adapter.Prober: the account is in order when Google gives
// it a token. Class Denied: it does not; Unavailable: Google does not answer.
func (c *client) Probe(ctx context.Context) error {
	_, failure, ok := c.token.get(ctx)
	switch {
	case ok:
		return nil
	case failure.Class == touch.ResultMisconfigured:
		return touch.Errorf(touch.Forbidden, "credentials", "Google refuses the service account: %s", failure.Code)
	}
	return touch.Errorf(touch.Unavailable, "", "Google gives no token: %s", failure.Code)
}

var (
	_ adapter.Prober        = (*client)(nil)
	_ adapter.ReceiptParser = reporting{}
)
