package touch

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"
)

// Limits on what one request may hold.
const (
	MaxLegs  = 8    // legs in a plan
	MaxBatch = 1000 // touches in one batch
)

// Request is one touch as a caller submits it.
type Request struct {
	// Key is the caller's own name for this touch, unique to the caller:
	// the same key and content is the same touch, sent once.
	Key      string   `json:"key" validate:"required,max=128,id"`
	Customer string   `json:"customer" validate:"required,max=128,id"`
	Category Category `json:"category" validate:"required,category"`
	Campaign string   `json:"campaign,omitempty" validate:"max=128,name"`
	// Subject is what the touch is about, for counting: a debt, a product.
	Subject string `json:"subject,omitempty" validate:"max=128,name"`
	// Priority orders touches that are due together: 9 first, 0 last.
	Priority  int        `json:"priority,omitempty" validate:"min=0,max=9"`
	NotBefore *time.Time `json:"not_before,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Plan is the legs, tried in order until one succeeds.
	Plan []Leg `json:"plan" validate:"required,min=1,max=8,dive"`
	// Addresses override the customer's stored ones, by channel.
	Addresses map[Channel]string `json:"addresses,omitempty" validate:"max=8,dive,keys,channel,endkeys,required,max=512"`
}

// Leg is one channel within a plan.
type Leg struct {
	Channel  Channel           `json:"channel" validate:"required,channel"`
	Template string            `json:"template,omitempty" validate:"max=128,name"`
	Params   map[string]string `json:"params,omitempty" validate:"max=64,dive,keys,max=64,endkeys,max=2048"`
	Content  *Content          `json:"content,omitempty"`
	// Title is the headline of an rm_task leg without template or content.
	Title string `json:"title,omitempty" validate:"max=256"`
	// DueIn is how long a manager has for an rm_task leg (default 48h).
	DueIn  Duration  `json:"due_in,omitempty" validate:"min=0"`
	Assign *Assignee `json:"assign,omitempty"`
	// Wait is how long this leg may take to reach Until before the next leg
	// is tried; 0 goes on only after a failure.
	Wait Duration `json:"wait,omitempty" validate:"min=0"`
	// Until is what ends the plan at this leg: "sent", or "delivered" (the
	// default where Wait is set).
	Until string `json:"until,omitempty" validate:"omitempty,oneof=sent delivered"`
}

// Content is what the customer sees or hears. Channels use the parts that they
// know: sms and ai_call the body, push and inbox title, body and link, popup
// also image and placement.
type Content struct {
	Title     string            `json:"title,omitempty" validate:"max=256"`
	Body      string            `json:"body,omitempty" validate:"max=16384"`
	Link      string            `json:"link,omitempty" validate:"omitempty,max=2048,uri,passive"`
	Image     string            `json:"image,omitempty" validate:"omitempty,max=2048,uri,passive"`
	Placement string            `json:"placement,omitempty" validate:"max=64,name"`
	Data      map[string]string `json:"data,omitempty" validate:"max=64,dive,keys,required,max=64,name,endkeys,max=2048"`
}

// SaysNothing reports whether the content has neither a body nor a title that
// could be read.
func (c *Content) SaysNothing() bool {
	return strings.TrimSpace(c.Body) == "" && strings.TrimSpace(c.Title) == ""
}

// Assignee is who does an rm_task: one manager, a queue of managers or a
// branch. Exactly one is set; none at all means the queue "default".
type Assignee struct {
	Manager string `json:"manager,omitempty" validate:"max=128,id"`
	Queue   string `json:"queue,omitempty" validate:"max=128,name"`
	Branch  string `json:"branch,omitempty" validate:"max=128,name"`
}

// Touch is an accepted request. It never changes; Progress in the ledger says
// how far it has come.
type Touch struct {
	ID         ID        `json:"id"`
	Caller     string    `json:"caller"`
	AcceptedAt time.Time `json:"accepted_at"`
	Request
	// Pins holds, for each leg, the version of its template at intake, or 0.
	Pins []int `json:"pins,omitempty"`
}

// Urgent reports whether the touch goes by an urgent lane: transactional ones
// and those of the highest priority do.
func (r *Request) Urgent() bool { return r.Category == Transactional || r.Priority == 9 }

// Expired reports whether the request's time has run out at now.
func (r *Request) Expired(now time.Time) bool { return r.ExpiresAt != nil && !now.Before(*r.ExpiresAt) }

// Digest is a hash over what the request means; two requests with equal digests
// under one key are the same touch. How a value is spelled does not matter: a
// retry may write an instant in another zone, or a default that the first try
// left out.
func (r *Request) Digest() [16]byte {
	b, err := json.Marshal(r.canonical())
	if err != nil {
		panic("touch: a Request always marshals: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// Succeeds reports whether state ends the plan at this leg.
func (l *Leg) Succeeds(s State) bool {
	if s == StateDelivered {
		return true
	}
	until := l.Until
	if until == "" {
		until = l.defaultUntil()
	}
	return s == StateSent && until == "sent"
}
