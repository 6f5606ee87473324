package touch

import "time"

// ItemState is the state of an item.
type ItemState string

// The states of items. A message or a pop-up goes from unread to read to
// dismissed. A task goes from open to claimed to completed.
const (
	ItemUnread    ItemState = "unread"
	ItemRead      ItemState = "read"
	ItemDismissed ItemState = "dismissed"
	TaskOpen      ItemState = "open"
	TaskClaimed   ItemState = "claimed"   // a manager works on it
	TaskCompleted ItemState = "completed" // a manager has done it
	ItemRecalled  ItemState = "recalled"  // the caller cancelled the touch
)

// Item is what a first-party channel stores: a message of the inbox, a pop-up or
// a manager's task.
type Item struct {
	// ID is the dispatch id. So a leg that is sent twice is stored once.
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
	// Shown is how often the app has shown a pop-up, and MaxShows how often it
	// may. MaxShows 0 means: until the customer dismisses it.
	Shown     int        `json:"shown,omitempty"`
	MaxShows  int        `json:"max_shows,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	UpdatedAt time.Time  `json:"updated_at"`
	// Version rises with every change. A change of an older version is refused.
	Version int64 `json:"version"`
}
