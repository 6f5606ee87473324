package ledger

import (
	"context"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// Controls stores what may stop a touch at the last moment. Every change of it
// (and of a campaign's status and the active policies) raises the control
// version. Work.Intend asserts the version, and a worker confirms it again
// before each call to a vendor (ControlWatcher.Confirm). So nothing that was
// judged before a change is sent after the change was answered (AnswerSettled),
// as far as the change binds it.
type Controls interface {
	// Read returns everything, as of one version.
	Read(ctx context.Context) (*Control, error)
	// ReadSince is Read for somebody who knows an earlier Control: it reads only
	// what has changed since. nil knows nothing. The result may share parts with
	// known; neither is changed any more.
	ReadSince(ctx context.Context, known *Control) (*Control, error)
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

// ControlVersion is a state of everything that may stop a touch. Its numbers rise
// with every change. They are two, so that a campaign which is paused and resumed
// all the time disturbs only its own touches.
type ControlVersion struct {
	// Rules rises with kill switches, policies and lost shards of the contact
	// log, which may concern any touch.
	Rules int64
	// Campaigns rises when a campaign is paused, resumed or cancelled. It concerns
	// only the touches of that campaign.
	Campaigns int64
}

// Control is everything that may stop a touch, as of one version.
//
// A Control is never changed: it is safe for concurrent use.
type Control struct {
	Version      ControlVersion
	Campaigns    CampaignStatuses
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
	return s.InForce(now) &&
		(s.Channel == "" || s.Channel == c) &&
		(s.Category == "" || s.Category == t.Category) &&
		(s.Caller == "" || s.Caller == t.Caller)
}

// Hold names what the kill switch stops: its id and everything that it matches by.
// Touches that it holds back are kept under this name (Transition.Hold). A kill
// switch that is replaced by one with another scope has another name, and lets
// go of what it held.
func (s *KillSwitch) Hold() string {
	return strings.Join([]string{s.ID, string(s.Channel), string(s.Category), s.Provider, s.Caller}, holdField)
}

// InForce reports whether the kill switch stops anything at now.
func (s *KillSwitch) InForce(now time.Time) bool { return s.Until == nil || now.Before(*s.Until) }

// A hold is built of control characters that no name contains.
const (
	holdField = "\x1f"
	holdJoin  = "\x1e"
)

// JoinHolds is the hold of a touch that waits until one of several kill switches
// ends.
func JoinHolds(holds []string) string { return strings.Join(holds, holdJoin) }

// SplitHolds returns what JoinHolds has joined.
func SplitHolds(hold string) []string { return strings.Split(hold, holdJoin) }
