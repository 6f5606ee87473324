package httpapi

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// touchView is a touch as its caller sees it.
type touchView struct {
	ID         touch.ID    `json:"id"`
	State      touch.State `json:"state"`
	Leg        int         `json:"leg"`
	Attempts   int         `json:"attempts,omitempty"`
	Due        time.Time   `json:"due,omitzero"`
	Reason     string      `json:"reason,omitempty"`
	Provider   string      `json:"provider,omitempty"`
	AcceptedAt time.Time   `json:"accepted_at"`
	Legs       []legView   `json:"legs"`
	touch.Request
	Events []touch.Event `json:"events,omitempty"`
}

// legView is how far one leg came.
type legView struct {
	Channel touch.Channel `json:"channel"`
	// TemplateVersion is the one pinned at intake.
	TemplateVersion int `json:"template_version,omitempty"`
	// Contacted is when it reached, or may have reached, the customer; Contact
	// how far: attempt, failed, delivered, connected, conversation.
	Contacted time.Time `json:"contacted,omitzero"`
	Contact   string    `json:"contact,omitempty"`
}

func viewTouch(v *ledger.TouchView) touchView {
	view := touchView{
		ID: v.Touch.ID, State: v.Progress.State, Leg: v.Progress.Leg, Attempts: v.Progress.Attempts, Due: v.Progress.Due,
		Reason: v.Progress.Reason, Provider: v.Progress.Provider, AcceptedAt: v.Touch.AcceptedAt,
		Legs: make([]legView, len(v.Touch.Plan)), Request: v.Touch.Request, Events: v.Events,
	}
	if v.Sending {
		view.State = touch.StateSending
	}
	for i := range view.Legs {
		view.Legs[i].Channel = v.Touch.Plan[i].Channel
		if i < len(v.Touch.Pins) {
			view.Legs[i].TemplateVersion = v.Touch.Pins[i]
		}
	}
	for _, c := range v.Progress.Contacts {
		if c.Leg < len(view.Legs) {
			l := &view.Legs[c.Leg]
			l.Contacted = c.At
			l.Contact = string(c.Kind)
			if c.Kind == touch.ContactUnknown {
				l.Contact = "unknown"
			}
		}
	}
	return view
}

// messageView is an inbox message or a pop-up as the customer's app sees it:
// without campaign, category and whatever else is the bank's own.
type messageView struct {
	ID        string          `json:"id"`
	State     touch.ItemState `json:"state"`
	Content   touch.Content   `json:"content"`
	Shown     int             `json:"shown,omitempty"`
	MaxShows  int             `json:"max_shows,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt *time.Time      `json:"expires_at,omitempty"`
}

func viewMessage(i *touch.Item) messageView {
	return messageView{
		ID: i.ID, State: i.State, Content: i.Content, Shown: i.Shown, MaxShows: i.MaxShows,
		CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}
}

func viewMessages(items []touch.Item) []messageView {
	views := make([]messageView, len(items))
	for i := range items {
		views[i] = viewMessage(&items[i])
	}
	return views
}

// taskView is a task as a manager's desk sees it.
type taskView struct {
	ID        string          `json:"id"`
	State     touch.ItemState `json:"state"`
	Customer  string          `json:"customer"`
	Category  touch.Category  `json:"category"`
	Campaign  string          `json:"campaign,omitempty"`
	Subject   string          `json:"subject,omitempty"`
	Content   touch.Content   `json:"content"`
	Assignee  *touch.Assignee `json:"assignee,omitempty"`
	DueAt     *time.Time      `json:"due_at,omitempty"`
	ClaimedBy string          `json:"claimed_by,omitempty"`
	Escalated bool            `json:"escalated,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
	Note      string          `json:"note,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
}

func viewTasks(items []touch.Item) []taskView {
	views := make([]taskView, len(items))
	for n := range items {
		i := &items[n]
		views[n] = taskView{
			ID: i.ID, State: i.State, Customer: i.Customer, Category: i.Category, Campaign: i.Campaign, Subject: i.Subject,
			Content: i.Content, Assignee: i.Assignee, DueAt: i.DueAt, ClaimedBy: i.ClaimedBy, Escalated: i.Escalated,
			Outcome: i.Outcome, Note: i.Note, CreatedAt: i.CreatedAt,
		}
	}
	return views
}

// page is a list with the cursor to go on from; "" at the end.
type page struct {
	Items any    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// items makes an empty list of none, rather than null.
func items[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
