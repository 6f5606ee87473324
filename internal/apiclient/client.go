// SPDX-License-Identifier: Apache-2.0

// Package apiclient speaks Touchgate's own HTTP API as any caller would: the
// send command and the demo use it, so that what they show is what a strategy
// engine sees.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Client calls one gateway with one key. It is safe for concurrent use.
type Client struct {
	Base string // http://127.0.0.1:8080
	Key  string
	HTTP *http.Client
}

// New makes a client. The base address must be http or https.
func New(base, key string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, touch.Errorf(touch.Invalid, "to", "%q is not an http or https address", base)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	return &Client{Base: strings.TrimRight(base, "/"), Key: key, HTTP: &http.Client{Transport: transport}}, nil
}

// problem is an RFC 9457 document.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (c *Client) request(ctx context.Context, method, path string, body io.Reader, contentType string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "to", "cannot ask %s: %w", c.Base, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, touch.Errorf(touch.Unavailable, "", "%s does not answer: %w", c.Base, err)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

// refusal words a problem document.
func refusal(resp *http.Response) error {
	var p problem
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if json.Unmarshal(b, &p) != nil || p.Title == "" {
		p.Title = resp.Status
	}
	return p.err(resp.StatusCode)
}

func (p *problem) err(status int) error {
	text := p.Title
	if p.Detail != "" && p.Detail != p.Title {
		text += ": " + p.Detail
	}
	for _, e := range p.Errors {
		if fault := e.Field + ": " + e.Message; fault != p.Detail { // the detail is the first of them
			text += "; " + fault
		}
	}
	return touch.Errorf(classOf(status), "", "%s", text)
}

func classOf(status int) touch.ErrorClass {
	switch {
	case status == http.StatusUnauthorized:
		return touch.Unauthenticated
	case status == http.StatusForbidden:
		return touch.Forbidden
	case status == http.StatusNotFound:
		return touch.NotFound
	case status == http.StatusConflict:
		return touch.Conflict
	case status == http.StatusRequestEntityTooLarge:
		return touch.TooLarge
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return touch.Unavailable
	case status >= 500:
		return touch.Internal
	}
	return touch.Invalid
}

// Do sends in as JSON (nil: no body) and reads the answer into out (nil: not).
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	contentType := ""
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return touch.Errorf(touch.Internal, "", "cannot be worded: %w", err)
		}
		body, contentType = bytes.NewReader(b), "application/json"
	}
	resp, err := c.request(ctx, method, path, body, contentType)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	} else {
		err = json.NewDecoder(resp.Body).Decode(out)
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "the answer of %s cannot be read: %w", path, err)
	}
	return nil
}

// Open sends a JSON body and gives the answer to be read as it comes; close it.
func (c *Client) Open(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	resp, err := c.request(ctx, method, path, body, "application/json")
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Touch is a touch as lists show it.
type Touch struct {
	ID       touch.ID       `json:"id"`
	Key      string         `json:"key"`
	Customer string         `json:"customer"`
	Category touch.Category `json:"category"`
	Campaign string         `json:"campaign"`
	Subject  string         `json:"subject"`
	State    touch.State    `json:"state"`
	Leg      int            `json:"leg"`
	Due      time.Time      `json:"due"`
	Reason   string         `json:"reason"`
	Legs     []Leg          `json:"legs"`
}

// Leg is one leg of a listed touch.
type Leg struct {
	Channel touch.Channel `json:"channel"`
	// Contact is how far it reached the customer: "" when it was never sent,
	// "unknown" while nobody can tell.
	Contact string `json:"contact"`
}

// SentLegs are the legs that the gateway says a vendor has taken. A leg whose
// outcome is not known is not among them.
func (t *Touch) SentLegs() (legs []int) {
	for i, l := range t.Legs {
		if l.Contact != "" && l.Contact != "unknown" {
			legs = append(legs, i)
		}
	}
	return legs
}

// Touches lists a campaign's touches, those in one state where it is given,
// and gives each page to visit, whose error ends it.
func (c *Client) Touches(ctx context.Context, campaign string, state touch.State, visit func([]Touch) error) error {
	q := url.Values{"campaign": {campaign}, "limit": {"1000"}}
	if state != "" {
		q.Set("state", string(state))
	}
	for {
		var page struct {
			Items []Touch `json:"items"`
			Next  string  `json:"next"`
		}
		if err := c.Do(ctx, http.MethodGet, "/v1/touches?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		if err := visit(page.Items); err != nil || page.Next == "" {
			return err
		}
		q.Set("after", page.Next)
	}
}

// Count is one line of a campaign's counts.
type Count struct {
	State  touch.State `json:"state"`
	Reason string      `json:"reason"`
	Count  int         `json:"count"`
}

// Campaign counts a campaign's touches by state and reason; class NotFound.
func (c *Client) Campaign(ctx context.Context, name string) ([]Count, error) {
	var view struct {
		Counts []Count `json:"counts"`
	}
	err := c.Do(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(name), nil, &view)
	return view.Counts, err
}
