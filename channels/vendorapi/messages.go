// SPDX-License-Identifier: Apache-2.0

// Package vendorapi is the HTTP contract that Touchgate offers to vendors which
// have no API of their own that matters to us: a bank's own SMS gateway, a
// dialler, a vendor in its own process. sms/http, aicall/http and remote are
// this contract with different nouns and bodies; the simulator answers it.
// docs/adapters.md spells it out for those who implement the other side:
//
//	POST   {url}/{noun}         one message; header Idempotency-Key is its id
//	POST   {url}/{noun}:batch   {"items": [...]} -> {"results": [...]}   (where max_batch is over 1)
//	GET    {url}/{noun}/{id}    what became of it                        (where query is on)
//	GET    {url}/health         204 when the account is in order
//	POST   {ours}/v1/receipts/{provider}   [{receipt}, ...]
//
// Every call in either direction is signed as Standard Webhooks says.
package vendorapi

import (
	"time"

	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// The nouns: what the paths of each kind of vendor are named after.
const (
	Messages   = "messages"   // sms/http
	Calls      = "calls"      // aicall/http
	Dispatches = "dispatches" // remote
)

// Message is the body of one text message.
type Message struct {
	ID        string            `json:"id"`
	To        string            `json:"to"`
	From      string            `json:"from,omitempty"`
	Text      string            `json:"text"`
	Template  string            `json:"template,omitempty"`
	Params    map[string]string `json:"params,omitempty"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty"`
	// Resend says that a second message is meant, after one with an unknown outcome.
	Resend bool `json:"resend,omitempty"`
}

// Call is the body of one phone call.
type Call struct {
	ID        string            `json:"id"`
	To        string            `json:"to"`
	From      string            `json:"from,omitempty"`
	Script    string            `json:"script"` // what the voice says, or the template's name
	Text      string            `json:"text,omitempty"`
	Params    map[string]string `json:"params,omitempty"`
	RingFor   int               `json:"ring_for,omitempty"` // seconds
	Attempts  int               `json:"attempts"`           // always 1: retries are ours, each judged by the rules
	ExpiresAt *time.Time        `json:"expires_at,omitempty"`
	Resend    bool              `json:"resend,omitempty"`
}

// Dispatch is the body of one dispatch to a remote adapter.
type Dispatch struct {
	ID        string            `json:"id"`
	Channel   touch.Channel     `json:"channel"`
	Customer  string            `json:"customer,omitempty"`
	Category  touch.Category    `json:"category"`
	Campaign  string            `json:"campaign,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Address   string            `json:"address,omitempty"`
	Template  string            `json:"template,omitempty"`
	Params    map[string]string `json:"params,omitempty"`
	Content   touch.Content     `json:"content"`
	Assignee  *touch.Assignee   `json:"assignee,omitempty"`
	DueIn     touch.Duration    `json:"due_in,omitempty"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty"`
	Resend    bool              `json:"resend,omitempty"`
}

// Answer is what the vendor says of one message, at once or when asked. It is
// the body of a success and, where the vendor can, of an error too: its Status
// then counts for more than the HTTP status.
type Answer struct {
	ID       string `json:"id"`
	Status   Status `json:"status"`
	VendorID string `json:"vendor_id,omitempty"`
	Reason   string `json:"reason,omitempty"` // of rejected: bad_target, opt_out, content, other
	Code     string `json:"code,omitempty"`   // the vendor's own; no address, no text
	// RetryAfter is seconds, of throttled.
	RetryAfter float64 `json:"retry_after,omitempty"`
}

// Status is the word for an answer.
type Status string

// The statuses, one for each result class, and one of queries.
const (
	StatusAccepted      Status = "accepted"
	StatusRejected      Status = "rejected"
	StatusFailed        Status = "failed" // surely not sent, trying again may help
	StatusThrottled     Status = "throttled"
	StatusMisconfigured Status = "misconfigured"
	StatusUnknown       Status = "unknown"
	StatusNotFound      Status = "not_found" // of a query: the vendor surely does not have it
)

// Batch is the body of several messages, and Answers its answer, in any order;
// a message without an answer counts as unknown.
type Batch[T any] struct {
	Items []T `json:"items"`
}

// Answers answers a Batch.
type Answers struct {
	Results []Answer `json:"results"`
}

// result gives the Result that an answer means; false: the status is no word
// of this contract.
func (a Answer) result() (touch.Result, bool) {
	r := touch.Result{Code: vendorhttp.Code(a.Code)}
	switch a.Status {
	case StatusAccepted:
		r.Class = touch.ResultAccepted
		if len(a.VendorID) <= 128 {
			r.VendorID = a.VendorID
		}
	case StatusRejected:
		r.Class, r.Reason = touch.ResultRejected, rejectReason(a.Reason)
	case StatusFailed, StatusNotFound:
		r.Class = touch.ResultRetryable
	case StatusThrottled:
		r.Class, r.RetryAfter = touch.ResultThrottled, retryDelay(a.RetryAfter)
	case StatusMisconfigured:
		r.Class = touch.ResultMisconfigured
	case StatusUnknown:
	default:
		return touch.Result{}, false
	}
	return r, true
}

func retryDelay(s float64) time.Duration {
	if !(s > 0) || s > 86400 { // also when it is not a number
		s = 1
	}
	return vendorhttp.Wait(time.Duration(s * float64(time.Second)))
}

func rejectReason(s string) string {
	switch s {
	case touch.ReasonBadTarget, touch.ReasonOptOut, touch.ReasonContent:
		return s
	}
	return touch.ReasonOther
}
