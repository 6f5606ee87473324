// SPDX-License-Identifier: Apache-2.0

// Package ledgertest is the conformance kit that every ledger driver passes.
// Each test is a promise of package ledger, tried on a fresh store.
package ledgertest

import (
	"testing"
	"time"

	"touchgate.dev/ledger"
)

// Open returns an empty ledger that reads the time from now. The kit closes it.
type Open func(t testing.TB, now func() time.Time) *ledger.Ledger

// Run runs the whole kit against a driver. Each test opens a ledger of its own.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		run  func(*kit)
	}{
		{"AcceptOnce", testAcceptOnce},
		{"AcceptKeepsAll", testAcceptKeepsAll},
		{"AcceptRefused", testAcceptRefused},
		{"AcceptInvalid", testAcceptInvalid},
		{"AcceptUrgent", testAcceptUrgent},
		{"AcceptConcurrently", testAcceptConcurrently},
		{"AcceptAndClaim", testAcceptAndClaim},
		{"AcceptAndClaimThenApply", testAcceptAndClaimThenApply},
		{"AcceptAndClaimAgain", testAcceptAndClaimAgain},
		{"AcceptAndClaimControlChanged", testAcceptAndClaimControlChanged},
		{"FeedOrder", testFeedOrder},
		{"FeedExpiresFirst", testFeedExpiresFirst},
		{"FeedSplits", testFeedSplits},
		{"FeedNothing", testFeedNothing},
		{"FeedAfterMove", testFeedAfterMove},
		{"FeedVoidTimerLast", testFeedVoidTimerLast},
		{"ClaimOnce", testClaimOnce},
		{"Release", testRelease},
		{"ReclaimAll", testReclaimAll},
		{"ReclaimExpired", testReclaimExpired},
		{"ReclaimUnclaimed", testReclaimUnclaimed},
		{"IntendControlChanged", testIntendControlChanged},
		{"IntendAgain", testIntendAgain},
		{"ApplyParts", testApplyParts},
		{"ApplyUnclaimed", testApplyUnclaimed},
		{"ApplyAfterReceipt", testApplyAfterReceipt},
		{"ApplyLateReport", testApplyLateReport},
		{"CancelWaiting", testCancelWaiting},
		{"CancelInSegment", testCancelInSegment},
		{"CancelRefused", testCancelRefused},
		{"ListDeadLetters", testListDeadLetters},
		{"Redrive", testRedrive},
		{"RedriveAfterReceipt", testRedriveAfterReceipt},
		{"Purge", testPurge},
		{"PurgeKeepsOpenTasks", testPurgeKeepsOpenTasks},
		{"TruncateJournal", testTruncateJournal},
		{"PauseCampaign", testPauseCampaign},
		{"CancelCampaign", testCancelCampaign},
		{"CancelCampaignUnknownOutcome", testCancelCampaignUnknownOutcome},
		{"Receipts", testReceipts},
		{"ForeignReceipts", testForeignReceipts},
		{"ReceiptClocks", testReceiptClocks},
		{"ReceiptsFallback", testReceiptsFallback},
		{"ReceiptsBeforeSend", testReceiptsBeforeSend},
		{"OptOut", testOptOut},
		{"ExpireUnconfirmed", testExpireUnconfirmed},
		{"CampaignCounts", testCampaignCounts},
		{"ListTouches", testListTouches},
		{"ContactsSince", testContactsSince},
		{"ContactedCustomers", testContactedCustomers},
		{"PendingOf", testPendingOf},
		{"Events", testEvents},
		{"EventsConcurrently", testEventsConcurrently},
		{"Customers", testCustomers},
		{"CustomerBounds", testCustomerBounds},
		{"ReportedOptOut", testReportedOptOut},
		{"Listings", testListings},
		{"ListingPages", testListingPages},
		{"Templates", testTemplates},
		{"Items", testItems},
		{"Tasks", testTasks},
		{"Keys", testKeys},
		{"KillSwitches", testKillSwitches},
		{"Holds", testHolds},
		{"HoldsEnd", testHoldsEnd},
		{"HoldsAndCampaigns", testHoldsAndCampaigns},
		{"ResumeBesideOthers", testResumeBesideOthers},
		{"CountWaiting", testCountWaiting},
		{"CampaignVersion", testCampaignVersion},
		{"CampaignNames", testCampaignNames},
		{"NoChange", testNoChange},
		{"ReadSince", testReadSince},
		{"PolicySets", testPolicySets},
		{"Proposals", testProposals},
		{"Journal", testJournal},
		{"Audit", testAudit},
		{"ShardEpochs", testShardEpochs},
		{"Leases", testLeases},
		{"Subscriptions", testSubscriptions},
		{"SubscriptionChanges", testSubscriptionChanges},
		{"SubscriptionsEndWithKey", testSubscriptionsEndWithKey},
		{"SubscriptionPages", testSubscriptionPages},
		{"EventIndex", testEventIndex},
		{"Activity", testActivity},
		{"ControlWatcher", testControlWatcher},
		{"BadText", testBadText},
		{"Closed", testClosed},
		{"ContextEnded", testContextEnded},
		{"NoneLostNoneTwice", testNoneLostNoneTwice},
		{"Random", testRandom},
		{"GroupCommit", testGroupCommit},
	}
	seen := map[string]bool{}
	for _, test := range tests {
		if seen[test.name] {
			t.Errorf("%s stands in the list twice, maybe in place of another test", test.name)
		}
		seen[test.name] = true
		t.Run(test.name, func(t *testing.T) { test.run(newKit(t, open)) })
	}
}
