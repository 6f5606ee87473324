package ledger

import "maps"

// CampaignStatuses are the campaigns that are not running. The value never
// changes; With returns another one. The zero value says that all are running.
//
// A node may know some ten thousand stopped campaigns, and one of them may be
// paused and resumed a hundred times a second. So With copies only the latest
// changes, and puts them into a new map of all when they have become many.
type CampaignStatuses struct {
	all    map[CampaignRef]CampaignStatus
	latest map[CampaignRef]CampaignStatus // changes since all was made; also to running
}

// NewCampaignStatuses returns the statuses of the given campaigns. It keeps the map.
func NewCampaignStatuses(all map[CampaignRef]CampaignStatus) CampaignStatuses {
	return CampaignStatuses{all: all}
}

// Of returns the status of a campaign.
func (s CampaignStatuses) Of(ref CampaignRef) CampaignStatus {
	if status, changed := s.latest[ref]; changed {
		return status
	}
	if status, stopped := s.all[ref]; stopped {
		return status
	}
	return CampaignRunning
}

// With returns the statuses after changes.
func (s CampaignStatuses) With(changes map[CampaignRef]CampaignStatus) CampaignStatuses {
	if len(changes) == 0 {
		return s
	}
	latest := make(map[CampaignRef]CampaignStatus, len(s.latest)+len(changes))
	maps.Copy(latest, s.latest)
	maps.Copy(latest, changes)

	// With n campaigns in all, a copy costs at most the root of n, and every so
	// many copies there is one of n.
	if n := len(latest); n*n <= len(s.all) {
		return CampaignStatuses{all: s.all, latest: latest}
	}
	all := make(map[CampaignRef]CampaignStatus, len(s.all)+len(latest))
	maps.Copy(all, s.all)
	maps.Copy(all, latest)
	maps.DeleteFunc(all, func(_ CampaignRef, status CampaignStatus) bool { return status == CampaignRunning })
	return CampaignStatuses{all: all}
}
