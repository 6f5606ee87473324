// SPDX-License-Identifier: Apache-2.0

// Package apiclient calls Touchgate's HTTP API as any caller does. The commands and
// the demo use it, so that what they show is what a strategy engine sees.
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

// Client calls one gateway with one API key. It is safe for concurrent use.
type Client struct {
	Base string // such as http://127.0.0.1:8080
	Key  string
	HTTP *http.Client
}

// New makes a client. Class Invalid: base is not an http or https address.
func New(base, key string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, touch.Errorf(touch.Invalid, "to", "%q is not an http or https address", base)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	return &Client{Base: strings.TrimRight(base, "/"), Key: key, HTTP: &http.Client{Transport: transport}}, nil
}

// problem is an error as RFC 9457 describes it.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

// request makes a request. A status of 300 or above is an error.
func (c *Client) request(ctx context.Context, method, path string, body io.Reader, contentType string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "to", "%s cannot be called: %w", c.Base, err)
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
		return nil, readProblem(resp)
	}
	return resp, nil
}

// readProblem returns the error that a problem document describes.
func readProblem(resp *http.Response) error {
	var p problem
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if json.Unmarshal(b, &p) != nil || p.Title == "" {
		p.Title = resp.Status
	}
	return p.err(resp.StatusCode)
}

// err returns the problem as an error of the class that the status means.
func (p *problem) err(status int) error {
	text := p.Title
	if p.Detail != "" && p.Detail != p.Title {
		text += ": " + p.Detail
	}
	for _, e := range p.Errors {
		if fault := e.Field + ": " + e.Message; fault != p.Detail { // the detail repeats the first fault
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

// Do sends in as JSON, unless it is nil, and decodes the answer into out, unless
// that is nil. Class Unavailable: there was no answer, or not now.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	contentType := ""
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return touch.Errorf(touch.Internal, "", "the request cannot be encoded as JSON: %w", err)
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

// Open sends a JSON body, and returns the answer to be read while it comes. The
// caller must close it.
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
	// Contact is how far it reached the customer: "" if it was never sent,
	// "unknown" if that is not known.
	Contact string `json:"contact"`
}

// SentLegs returns the legs that a vendor has accepted, as the gateway says. It
// leaves out a leg whose outcome is unknown.
func (t *Touch) SentLegs() (legs []int) {
	for i, l := range t.Legs {
		if l.Contact != "" && l.Contact != "unknown" {
			legs = append(legs, i)
		}
	}
	return legs
}

// Touches lists a campaign's touches in a state; "" is all states. It calls visit
// with each page, and returns visit's first error.
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

// Campaign returns how many touches of a campaign are in each state, by reason.
// Class NotFound: there is no such campaign.
func (c *Client) Campaign(ctx context.Context, name string) ([]Count, error) {
	var view struct {
		Counts []Count `json:"counts"`
	}
	err := c.Do(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(name), nil, &view)
	return view.Counts, err
}
