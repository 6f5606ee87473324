package touch

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"
)

// Limits of a request.
const (
	MaxLegs  = 8    // legs in a plan
	MaxBatch = 1000 // touches in one batch
)

// Request is one touch as a caller submits it.
type Request struct {
	// Key is the caller's own id for this touch. If a caller submits the same
	// key and content again, it is the same touch, and it is sent once.
	Key      string   `json:"key" validate:"required,max=128,id"`
	Customer string   `json:"customer" validate:"required,max=128,id"`
	Category Category `json:"category" validate:"required,category"`
	Campaign string   `json:"campaign,omitempty" validate:"max=128,name"`
	// Subject is what the touch is about, for example a debt or a product. Caps
	// may count the contacts about one subject.
	Subject string `json:"subject,omitempty" validate:"max=128,name"`
	// Priority orders touches that are due together: 9 first, 0 last.
	Priority int `json:"priority,omitempty" validate:"min=0,max=9"`
	// NotBefore is when the touch may go at the earliest. Nil means at once.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// ExpiresAt is the instant from which the touch is not sent any more. Nil
	// means that the caller sets none.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Plan holds the legs. They are tried in order until one succeeds.
	Plan []Leg `json:"plan" validate:"required,min=1,max=8,dive"`
	// Addresses override the customer's stored ones, by channel.
	Addresses map[Channel]string `json:"addresses,omitempty" validate:"max=8,dive,keys,channel,endkeys,required,max=512"`
}

// Leg is one step of a plan: a message on one channel.
type Leg struct {
	Channel Channel `json:"channel" validate:"required,channel"`
	// Template is the id of the template that makes the message, and Params are
	// the values of its variables.
	Template string            `json:"template,omitempty" validate:"max=128,name"`
	Params   map[string]string `json:"params,omitempty" validate:"max=64,dive,keys,max=64,endkeys,max=2048"`
	// Content is the message itself, in place of a template.
	Content *Content `json:"content,omitempty"`
	// Title is the headline of an rm_task leg without template or content.
	Title string `json:"title,omitempty" validate:"max=256"`
	// DueIn is how much time a manager has for an rm_task leg. 0 means the time
	// that the channel is configured with, 48h if nothing is configured.
	DueIn  Duration  `json:"due_in,omitempty" validate:"min=0"`
	Assign *Assignee `json:"assign,omitempty"`
	// Wait is how long this leg may take to reach Until before the next leg is
	// tried. With 0 the next leg is tried only after a failure.
	Wait Duration `json:"wait,omitempty" validate:"min=0"`
	// Until is the state that ends the plan at this leg: "sent" or "delivered".
	// "" means "delivered" if Wait is set, else "sent".
	Until string `json:"until,omitempty" validate:"omitempty,oneof=sent delivered"`
}

// Content is what the customer sees or hears. Each channel uses the parts that
// it knows: sms and ai_call use the body; push and inbox use title, body and
// link; popup uses also image and placement.
type Content struct {
	Title     string            `json:"title,omitempty" validate:"max=256"`
	Body      string            `json:"body,omitempty" validate:"max=16384"`
	Link      string            `json:"link,omitempty" validate:"omitempty,max=2048,uri,passive"`
	Image     string            `json:"image,omitempty" validate:"omitempty,max=2048,uri,passive"`
	Placement string            `json:"placement,omitempty" validate:"max=64,name"`
	Data      map[string]string `json:"data,omitempty" validate:"max=64,dive,keys,required,max=64,name,endkeys,max=2048"`
}

// SaysNothing reports whether both the body and the title are empty or blank.
func (c *Content) SaysNothing() bool {
	return strings.TrimSpace(c.Body) == "" && strings.TrimSpace(c.Title) == ""
}

// Assignee says who does an rm_task: one manager, a queue of managers or a
// branch. Exactly one field is set. A leg without an assignee goes to the queue
// that the channel is configured with, "default" if nothing is configured.
type Assignee struct {
	Manager string `json:"manager,omitempty" validate:"max=128,id"`
	Queue   string `json:"queue,omitempty" validate:"max=128,name"`
	Branch  string `json:"branch,omitempty" validate:"max=128,name"`
}

// Touch is an accepted request. It never changes. Progress in the ledger holds
// what has happened to it.
type Touch struct {
	ID         ID        `json:"id"`
	Caller     string    `json:"caller"`
	AcceptedAt time.Time `json:"accepted_at"`
	Request
	// Pins holds the version of each leg's template at intake, so that a later
	// version does not change an accepted touch. It is 0 for a leg without a
	// template, and may be nil if no leg has one.
	Pins []int `json:"pins,omitempty"`
}

// Urgent reports whether the touch goes into the urgent lane of its channel.
// Transactional touches and those of priority 9 do.
func (r *Request) Urgent() bool { return r.Category == Transactional || r.Priority == 9 }

// Expired reports whether ExpiresAt is set and now has reached it.
func (r *Request) Expired(now time.Time) bool { return r.ExpiresAt != nil && !now.Before(*r.ExpiresAt) }

// Digest returns a hash of what the request means. If two requests with one key
// have the same digest, the second is a repeat of the first; otherwise it is a
// conflict. The spelling of a value does not matter: a repeat may write an
// instant in another zone, or a default that the first request left out.
//
// The ledger stores digests. If the format changes, repeats of older requests
// become conflicts.
func (r *Request) Digest() [16]byte {
	b, err := json.Marshal(r.canonical())
	if err != nil {
		panic("touch: a Request always marshals: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// Succeeds reports whether the plan ends at this leg when the leg reaches s.
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
