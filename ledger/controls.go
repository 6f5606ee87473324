package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Controls stores what may stop a touch at the last moment. Every change of it
// (and of a campaign's status and the active policies) raises the control
// version. Work.Intend asserts the version, so nothing that was judged before a
// change is sent after it.
type Controls interface {
	// Read returns everything, as of one version.
	Read(ctx context.Context) (*Control, error)
	// Version returns only the version, which is cheap to poll.
	Version(ctx context.Context) (ControlVersion, error)
	// PutKillSwitch starts a kill switch, or replaces the one of that id.
	PutKillSwitch(ctx context.Context, k KillSwitch, actor string, now time.Time) error
	// EndKillSwitch ends one. Class NotFound.
	EndKillSwitch(ctx context.Context, id, actor string, now time.Time) error
	// RaiseShardEpochs raises the epochs of lost shards of the contact log and
	// returns the new ones. Each epoch is returned to one caller only, which
	// thereby owns the shard.
	RaiseShardEpochs(ctx context.Context, shards []int, now time.Time) (map[int]int64, error)
}

// ControlVersion is the number of a state of everything that may stop a touch. It
// rises with every change.
type ControlVersion int64

// Control is everything that may stop a touch, as of one version.
type Control struct {
	Version      ControlVersion
	Campaigns    map[CampaignRef]CampaignStatus // those that are not running
	KillSwitches []KillSwitch
	PolicyHash   string        // of the active policies; "": none
	Shards       map[int]int64 // epochs above 0
}

// KillSwitch stops all touches that it matches. Empty fields match everything.
type KillSwitch struct {
	ID       string         `json:"id"`
	Channel  touch.Channel  `json:"channel,omitempty"`
	Category touch.Category `json:"category,omitempty"`
	Provider string         `json:"provider,omitempty"`
	Caller   string         `json:"caller,omitempty"`
	Owner    string         `json:"owner"`
	Reason   string         `json:"reason"`
	Since    time.Time      `json:"since"`
	Until    *time.Time     `json:"until,omitempty"` // nil: until somebody ends it
}

// Matches reports whether the kill switch stops a touch on a channel at now. It
// does not look at Provider: which provider a touch goes by is known later.
func (s *KillSwitch) Matches(t *touch.Touch, c touch.Channel, now time.Time) bool {
	return (s.Until == nil || now.Before(*s.Until)) &&
		(s.Channel == "" || s.Channel == c) &&
		(s.Category == "" || s.Category == t.Category) &&
		(s.Caller == "" || s.Caller == t.Caller)
}
