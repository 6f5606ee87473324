package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Touches reads touches, and takes one back.
type Touches interface {
	// Get gives one touch with its whole history; class NotFound. An empty
	// caller sees all callers' touches.
	Get(ctx context.Context, caller string, id touch.ID) (*TouchView, error)
	// List lists touches, oldest first, after the cursor. The next cursor
	// is 0 at the end.
	List(ctx context.Context, f TouchFilter) (views []TouchView, next int64, err error)
	// PendingOf gives, for each customer, the touches that are to be sent still
	// (due, in campaigns that run) and have a higher priority than the one
	// given: up to most of them, the highest first. Due is zero where the
	// timer has run out.
	PendingOf(ctx context.Context, customers []string, above, most int) (map[string][]TouchView, error)
	// Counts sums all touches by state.
	Counts(ctx context.Context) (map[touch.State]int64, error)
	// Cancel takes a touch back; class Conflict when it is sent, being
	// sent or over; NotFound.
	Cancel(ctx context.Context, caller string, id touch.ID, actor string, now time.Time) (Progress, error)
}

// Contacts reads which legs reached customers.
type Contacts interface {
	// Since gives, for each customer, every leg that reached or may have
	// reached them since the instant: what the contact log is rebuilt from.
	Since(ctx context.Context, customers []string, since time.Time) (map[string][]PastContact, error)
	// ContactedCustomers names customers of whom Contacts may tell something: up to
	// limit (1 to 1000; 0 is 100) after the one given, in an order of the
	// store's own. It leaves none out, and names each once.
	ContactedCustomers(ctx context.Context, after string, limit int) ([]string, error)
}

// Campaigns reads campaigns, and pauses, resumes and cancels them.
type Campaigns interface {
	// Get counts a campaign's touches by state and reason; class
	// NotFound where it has none.
	Get(ctx context.Context, caller, campaign string) (*CampaignView, error)
	// SetStatus pauses, resumes or cancels; class Conflict when cancelled already.
	SetStatus(ctx context.Context, caller, campaign string, s CampaignStatus, actor string, now time.Time) error
}

// Events reads the journal as events.
type Events interface {
	// List gives up to limit events after the cursor, in order; the cursor
	// to go on from is the last event's Seq. An empty caller sees all.
	List(ctx context.Context, caller string, after int64, limit int) ([]touch.Event, error)
}

// TouchFilter selects touches; empty fields select all.
type TouchFilter struct {
	Caller   string
	Campaign string
	Customer string
	State    touch.State
	After    int64
	Limit    int // 1 to 1000; 0 is 100
}

// TouchView is a touch as a reader sees it. Lists leave out Events.
type TouchView struct {
	Touch    touch.Touch
	Progress Progress
	Sending  bool // in a worker's hands
	Events   []touch.Event
}

// PastContact is a contact together with what it was about.
type PastContact struct {
	Contact
	Touch    touch.ID
	Category touch.Category
	Subject  string
	Campaign string
	Caller   string
	// Address is the one the leg went to, where the request named it.
	Address  string
	Template string
	// Pending says that it is intended and not settled, or of an outcome that
	// is still being found out.
	Pending bool
}

// CampaignView is what a campaign came to.
type CampaignView struct {
	Campaign string          `json:"campaign"`
	Status   CampaignStatus  `json:"status"`
	Counts   []CampaignCount `json:"counts"`
}

// CampaignCount is one line of CampaignView: so many touches are in this state
// for this reason.
type CampaignCount struct {
	State  touch.State `json:"state"`
	Reason string      `json:"reason,omitempty"`
	Count  int64       `json:"count"`
}
