package ledger_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"touchgate.dev/ledger"
)

// TestCampaignStatuses: whatever changes in whatever portions, each campaign has
// its latest status, and earlier values stay as they were.
func TestCampaignStatuses(t *testing.T) {
	statuses := []ledger.CampaignStatus{ledger.CampaignRunning, ledger.CampaignPaused, ledger.CampaignCancelled}
	name := rapid.StringMatching(`[a-f][0-9]?`)
	rapid.Check(t, func(t *rapid.T) {
		want := map[ledger.CampaignRef]ledger.CampaignStatus{}
		var got ledger.CampaignStatuses
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before, was := got, maps.Clone(want)
			changes := map[ledger.CampaignRef]ledger.CampaignStatus{}
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				ref := ledger.CampaignRef{Caller: "c", Campaign: name.Draw(t, "name")}
				changes[ref] = rapid.SampledFrom(statuses).Draw(t, "status")
			}
			got = got.With(changes)
			maps.Copy(want, changes)
			for ref, status := range want {
				if got.Of(ref) != status {
					t.Fatalf("%v is %s, want %s", ref, got.Of(ref), status)
				}
			}
			for ref, status := range was {
				if before.Of(ref) != status {
					t.Fatalf("an earlier value changed: %v is %s", ref, before.Of(ref))
				}
			}
		}
	})
}

func BenchmarkCampaignStatusesWith(b *testing.B) {
	all := map[ledger.CampaignRef]ledger.CampaignStatus{}
	for i := range 20_000 {
		all[ledger.CampaignRef{Caller: "c", Campaign: string(rune(i)) + "x"}] = ledger.CampaignPaused
	}
	s := ledger.NewCampaignStatuses(all)
	for i := 0; b.Loop(); i++ {
		s = s.With(map[ledger.CampaignRef]ledger.CampaignStatus{{Caller: "c", Campaign: string(rune(i % 500))}: ledger.CampaignPaused})
	}
}
