package ledger

import (
	"context"
	"time"

	"touchgate.dev/touch"
)

// Campaigns reads campaigns, and pauses, resumes and cancels them.
type Campaigns interface {
	// Get counts a campaign's touches by state and reason. Class NotFound when
	// it has none.
	Get(ctx context.Context, caller, campaign string) (*CampaignView, error)
	// Names returns names of the caller's campaigns, the newest first.
	Names(ctx context.Context, caller string, limit int) ([]string, error)
	// CountEmpty counts the caller's campaigns that are paused or cancelled and
	// have no touch; it stops counting at the limit.
	CountEmpty(ctx context.Context, caller string, limit int) (int, error)
	// SetStatus pauses, resumes or cancels a campaign, and raises the version of
	// the campaigns; it makes a campaign that is unknown. One that has the status
	// already is left alone, and no version is raised. Class Conflict: the
	// campaign is cancelled and cannot get another status.
	SetStatus(ctx context.Context, caller, campaign string, s CampaignStatus, actor string, now time.Time) error
}

// CampaignStatus says whether a campaign's touches are sent.
type CampaignStatus string

// The statuses of a campaign. A cancelled campaign cannot be resumed.
const (
	CampaignRunning   CampaignStatus = "running"
	CampaignPaused    CampaignStatus = "paused"
	CampaignCancelled CampaignStatus = "cancelled"
)

// CampaignRef names a campaign: each caller has its own names.
type CampaignRef struct{ Caller, Campaign string }

// CampaignView is how far a campaign has come.
type CampaignView struct {
	Campaign string          `json:"campaign"`
	Status   CampaignStatus  `json:"status"`
	Counts   []CampaignCount `json:"counts"`
}

// CampaignCount is how many touches of a campaign are in a state for a reason.
type CampaignCount struct {
	State  touch.State `json:"state"`
	Reason string      `json:"reason,omitempty"`
	Count  int64       `json:"count"`
}
