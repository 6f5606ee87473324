package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Keys keeps API keys. Secrets are stored hashed.
type Keys interface {
	Put(ctx context.Context, k APIKey) error // class Conflict: the id exists
	Get(ctx context.Context, id string) (*APIKey, error)
	List(ctx context.Context) ([]APIKey, error)
	Revoke(ctx context.Context, id string, now time.Time) error // class NotFound
}

// APIKey is a caller's credential.
type APIKey struct {
	ID        string     `json:"id"` // the public part
	Hash      [32]byte   `json:"-"`  // SHA-256 of the secret part
	Caller    string     `json:"caller"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// CampaignStatus says whether a campaign's touches go out.
type CampaignStatus string

// The states of a campaign. Cancelled is for ever.
const (
	CampaignRunning   CampaignStatus = "running"
	CampaignPaused    CampaignStatus = "paused"
	CampaignCancelled CampaignStatus = "cancelled"
)

// Controls keeps what may stop a touch at the last moment. Every change
// raises the fence, which Intend asserts, so that nothing judged before a
// change is sent after it.
type Controls interface {
	// Read reads everything at one fence.
	Read(ctx context.Context) (*Control, error)
	// Version reads only the number.
	Version(ctx context.Context) (int64, error)
	// PutKillSwitch starts or replaces an emergency stop; EndStop ends it (NotFound).
	PutKillSwitch(ctx context.Context, s KillSwitch, actor string, now time.Time) error
	EndKillSwitch(ctx context.Context, id, actor string, now time.Time) error
	// RaiseShardEpochs raises the epochs of lost shards of the contact log, and
	// gives those that it raised them to: they are nobody else's.
	RaiseShardEpochs(ctx context.Context, shards []int, now time.Time) (map[int]int64, error)
}

// PolicySets keeps sets of policy documents, of which one is active.
type PolicySets interface {
	// Activate makes a set of documents the active one.
	Activate(ctx context.Context, p PolicySet, actor string, now time.Time) error
	// Get reads a stored set by hash, "" being the active one; class NotFound.
	Get(ctx context.Context, hash string) (*PolicySet, error)
}

// Leases lets one process at a time do a thing.
type Leases interface {
	// Acquire lets one holder at a time do a thing, until the instant: held is
	// true for the holder, who may extend it by asking again, and for anybody
	// once it has run out at now.
	Acquire(ctx context.Context, name, holder string, now, until time.Time) (held bool, err error)
}

// Control is everything that may stop a touch, as of one fence.
type Control struct {
	Version      int64
	Campaigns    map[CampaignRef]CampaignStatus // those not running
	KillSwitches []KillSwitch
	PolicyHash   string
	Shards       map[int]int64 // epochs above 0
}

// CampaignRef names a campaign: each caller has its own.
type CampaignRef struct{ Caller, Campaign string }

// KillSwitch is an emergency stop. Empty fields match everything.
type KillSwitch struct {
	ID       string         `json:"id"`
	Channel  touch.Channel  `json:"channel,omitempty"`
	Category touch.Category `json:"category,omitempty"`
	Provider string         `json:"provider,omitempty"`
	Caller   string         `json:"caller,omitempty"`
	Owner    string         `json:"owner"`
	Reason   string         `json:"reason"`
	Since    time.Time      `json:"since"`
	Until    *time.Time     `json:"until,omitempty"` // nil: until ended
}

// PolicySet is a set of policy documents as they were written, by name.
type PolicySet struct {
	Hash      string
	Documents map[string][]byte
	CreatedAt time.Time
	CreatedBy string
}

// Subscriptions keeps where callers want to hear of events.
type Subscriptions interface {
	Put(ctx context.Context, s Subscription) error
	List(ctx context.Context, caller string) ([]Subscription, error)
	Delete(ctx context.Context, caller, id string) error // class NotFound
	// SaveCursor notes how far a subscription has been served.
	SaveCursor(ctx context.Context, id string, cursor int64, failures int, next time.Time) error
}

// Subscription is a webhook.
type Subscription struct {
	ID        string            `json:"id"`
	Caller    string            `json:"caller"`
	URL       string            `json:"url"`
	Secret    string            `json:"-"`
	Kinds     []touch.EventKind `json:"kinds,omitempty"` // empty: all
	Cursor    int64             `json:"cursor"`
	Failures  int               `json:"failures"`
	NextAt    time.Time         `json:"next_at,omitzero"`
	CreatedAt time.Time         `json:"created_at"`
}

// Matches reports whether the stop holds back a touch on a channel at now. A
// stop that names a provider binds every touch that would go by it.
func (s *KillSwitch) Matches(t *touch.Touch, c touch.Channel, now time.Time) bool {
	return (s.Until == nil || now.Before(*s.Until)) &&
		(s.Channel == "" || s.Channel == c) &&
		(s.Category == "" || s.Category == t.Category) &&
		(s.Caller == "" || s.Caller == t.Caller)
}
