package touch

import "time"

// ItemState is where an item of our own channels stands.
type ItemState string

// The states of items: a message or pop-up goes from unread over read to
// dismissed; a task goes from open over claimed to completed.
const (
	ItemUnread    ItemState = "unread"
	ItemRead      ItemState = "read"
	ItemDismissed ItemState = "dismissed"
	TaskOpen      ItemState = "open"
	TaskClaimed   ItemState = "claimed"
	TaskCompleted ItemState = "completed"
	ItemRecalled  ItemState = "recalled" // taken back by the caller
)

// Item is what our own channels keep: an inbox message, a pop-up or a task.
type Item struct {
	// ID is the dispatch id, so that storing twice is storing once.
	ID       string    `json:"id"`
	Channel  Channel   `json:"channel"`
	Customer string    `json:"customer"`
	Campaign string    `json:"campaign,omitempty"`
	Category Category  `json:"category"`
	Subject  string    `json:"subject,omitempty"`
	State    ItemState `json:"state"`
	Content  Content   `json:"content"`
	// Assignee, DueAt, ClaimedBy, Escalated and Outcome belong to tasks.
	Assignee  *Assignee  `json:"assignee,omitempty"`
	DueAt     *time.Time `json:"due_at,omitempty"`
	ClaimedBy string     `json:"claimed_by,omitempty"`
	Escalated bool       `json:"escalated,omitempty"`
	Outcome   string     `json:"outcome,omitempty"`
	Note      string     `json:"note,omitempty"`
	// Shown and MaxShows belong to pop-ups: how often it was, and may be, shown.
	Shown     int        `json:"shown,omitempty"`
	MaxShows  int        `json:"max_shows,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	UpdatedAt time.Time  `json:"updated_at"`
	Version   int64      `json:"version"`
}
