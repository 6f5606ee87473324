package vendorapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// Config is the part of an adapter's configuration that every user of this
// contract has; embed it inline.
type Config struct {
	// URL is where the vendor's paths begin, for example "https://sms.example.com/v1".
	URL string `yaml:"url" validate:"required,http_url"`
	// Secret signs our calls and the vendor's receipts: "whsec_" and base64.
	Secret adapter.Secret `yaml:"secret" validate:"required"`
	// PreviousSecret is still accepted on receipts while a new one is rolled out.
	PreviousSecret adapter.Secret `yaml:"previous_secret"`
	// IdempotencyWindow is how long the vendor treats a repeated id as one
	// message; 0: it does not.
	IdempotencyWindow touch.Duration `yaml:"idempotency_window" validate:"min=0"`
	// MaxBatch is the most messages in one call; 1: the vendor has no batch route.
	MaxBatch int `yaml:"max_batch" validate:"min=1,max=1000"`
	// Query says that the vendor can be asked what became of a message.
	Query bool `yaml:"query"`
}

// Defaults suits a vendor that implements all of the contract but batches.
func Defaults() Config {
	return Config{IdempotencyWindow: touch.Duration(24 * time.Hour), MaxBatch: 1, Query: true}
}

// Capabilities are what the configuration declares.
func (c Config) Capabilities() adapter.Capabilities {
	return adapter.Capabilities{
		IdempotencyWindow: c.IdempotencyWindow.Std(), MaxBatch: c.MaxBatch, EchoesID: true, NeedsAddress: true,
	}
}

// Client speaks the contract: it is the adapter of every vendor that does.
// Item words a dispatch as the noun's body.
type Client[T any] struct {
	Receipts
	noun, batch *url.URL
	health      *url.URL
	key         vendorhttp.Key
	rt          http.RoundTripper
	now         func() time.Time
	item        func(adapter.Dispatch) T
}

// querying is a Client whose vendor can be asked.
type querying[T any] struct{ *Client[T] }

var (
	_ adapter.BatchSender   = (*Client[Message])(nil)
	_ adapter.ReceiptParser = (*Client[Message])(nil)
	_ adapter.Prober        = (*Client[Message])(nil)
	_ adapter.Querier       = querying[Message]{}
)

// New builds the adapter for a noun; errors have class Invalid and name the key.
func New[T any](noun string, c Config, o adapter.Options, item func(adapter.Dispatch) T) (adapter.Adapter, error) {
	key, err := vendorhttp.ParseKey(c.Secret.Reveal())
	if err != nil {
		return nil, err
	}
	receipts, err := NewReceipts(c.Secret, c.PreviousSecret, o.Now, noun == Calls)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimSuffix(c.URL, "/") + "/") // JoinPath needs a rooted path
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "url", "is not an address")
	}
	client := &Client[T]{
		noun: base.JoinPath(noun), batch: base.JoinPath(noun + ":batch"), health: base.JoinPath("health"),
		Receipts: receipts, key: key, rt: o.Transport, now: o.Now, item: item,
	}
	if c.Query {
		return querying[T]{client}, nil
	}
	return client, nil
}

// Send implements adapter.Adapter.
func (c *Client[T]) Send(ctx context.Context, d adapter.Dispatch) touch.Result {
	body, err := json.Marshal(c.item(d))
	if err != nil {
		return unwritable()
	}
	reply, failure, ok := vendorhttp.Do(ctx, c.rt, c.post(c.noun, d.ID, body))
	if !ok {
		return failure
	}
	var a Answer
	readable := json.Unmarshal(reply.Body, &a) == nil
	return c.judge(reply, a, readable, d.ID)
}

// SendBatch implements adapter.BatchSender.
func (c *Client[T]) SendBatch(ctx context.Context, ds []adapter.Dispatch) []touch.Result {
	out := make([]touch.Result, len(ds))
	items := Batch[T]{Items: make([]T, len(ds))}
	for i, d := range ds {
		items.Items[i] = c.item(d)
	}
	body, err := json.Marshal(items)
	if err != nil {
		return fill(out, unwritable())
	}
	// The batch has no id of its own: the first message and the count name it well enough to trace it.
	reply, failure, ok := vendorhttp.Do(ctx, c.rt, c.post(c.batch, ds[0].ID, body))
	if !ok {
		return fill(out, failure)
	}
	var answers Answers
	if json.Unmarshal(reply.Body, &answers) != nil || reply.Status/100 != 2 {
		var a Answer
		readable := json.Unmarshal(reply.Body, &a) == nil && a.ID == ""
		return fill(out, c.judge(reply, a, readable, ""))
	}
	byID := make(map[string]*Answer, len(answers.Results))
	for i := range answers.Results {
		byID[answers.Results[i].ID] = &answers.Results[i]
	}
	for i, d := range ds {
		if a := byID[d.ID]; a != nil {
			out[i] = c.judge(reply, *a, true, d.ID)
		} else {
			out[i] = touch.Result{Code: "no_answer", Detail: "the batch's answer passes this message over"}
		}
	}
	return out
}

func (c *Client[T]) post(to *url.URL, id string, body []byte) vendorhttp.Call {
	h := http.Header{
		"Content-Type": {"application/json"},
		// Written in lower case on purpose: under its canonical name net/http
		// would send the request again by itself after a reset, and a vendor
		// without idempotency would send twice.
		"idempotency-key": {id},
	}
	c.key.Sign(h, id, c.now(), body)
	return vendorhttp.Call{Method: http.MethodPost, URL: to, Header: h, Body: body}
}

// judge weighs the vendor's own words before the HTTP status. A success that
// says nothing readable of this message is Unknown.
func (c *Client[T]) judge(reply vendorhttp.Reply, a Answer, readable bool, id string) touch.Result {
	if readable && (a.ID == id || (a.ID == "" && reply.Status >= 300)) {
		if r, ok := a.result(); ok && (r.Class != touch.ResultAccepted || reply.Status/100 == 2) {
			if r.Class == touch.ResultThrottled && a.RetryAfter == 0 {
				r.RetryAfter = vendorhttp.RetryAfter(reply.Header, c.now())
			}
			return r
		}
	}
	switch {
	case reply.Status/100 == 2:
		return touch.Result{Code: "unreadable", Detail: "the answer does not say what became of the message"}
	case reply.Status == http.StatusNotFound, reply.Status == http.StatusMethodNotAllowed:
		// Not the contract's word for anything: the URL is wrong, not the message.
		return touch.Result{Class: touch.ResultMisconfigured, Code: "404", Detail: "the vendor has no such route"}
	case reply.Status == http.StatusServiceUnavailable && reply.Header.Get("Retry-After") != "":
		// By the contract this means: nothing was processed.
		return touch.Result{Class: touch.ResultThrottled, Code: "503", RetryAfter: vendorhttp.RetryAfter(reply.Header, c.now())}
	}
	return vendorhttp.Classify(reply, c.now())
}

func unwritable() touch.Result {
	return touch.Result{Class: touch.ResultRejected, Reason: touch.ReasonContent, Code: "unwritable"}
}

func fill(out []touch.Result, r touch.Result) []touch.Result {
	for i := range out {
		out[i] = r
	}
	return out
}
