package sqlstore

import (
	"reflect"

	"touchgate.dev/ledger/internal/sqldb"
)

// statements are the SQL texts that run for each batch of touches. They are
// built once, for the dialect of the store's database, so no text is put
// together while touches wait. The text of each is defined next to the code
// that sends it.
type statements struct {
	// Touches and their progress.
	findTouchIDs       string
	loadTouches        string
	lockProgress       string
	loadProgress       string
	loadGroups         string
	pendingTouches     string
	contacts           string
	contactedCustomers string
	campaignTouches    string

	// Feeding, claiming and intents.
	feedRanks        string
	feedGroups       string
	groupMembers     string
	campaignGroups   string
	unconfirmed      string
	lockSegment      string
	claimTouches     string
	segmentTimers    string
	progressVersions string
	campaignsOf      string
	holds            string
	heldGroups       string

	// Receipts and history.
	receiptVendorIDs string
	receiptTouches   string
	history          string
}

func newStatements(d sqldb.Dialect) *statements {
	return &statements{
		findTouchIDs:       findTouchIDsSQL(d),
		loadTouches:        loadTouchesSQL(d),
		lockProgress:       lockProgressSQL(d),
		loadProgress:       loadProgressSQL(d),
		loadGroups:         loadGroupsSQL(d),
		pendingTouches:     pendingTouchesSQL(d),
		contacts:           contactsSQL(d),
		contactedCustomers: contactedCustomersSQL,
		campaignTouches:    campaignTouchesSQL,

		feedRanks:        feedRanksSQL,
		feedGroups:       feedGroupsSQL(d),
		groupMembers:     groupMembersSQL(d),
		campaignGroups:   lockGroupsSQL(d, cancelledGroups),
		unconfirmed:      lockGroupsSQL(d, unconfirmedGroups),
		lockSegment:      lockSegmentSQL(d),
		claimTouches:     claimTouchesSQL(d),
		segmentTimers:    segmentTimersSQL(d),
		progressVersions: progressVersionsSQL(d),
		campaignsOf:      campaignsOfSQL(d),
		holds:            holdsSQL,
		heldGroups:       lockGroupsSQL(d, heldGroups),

		receiptVendorIDs: receiptVendorIDsSQL(d),
		receiptTouches:   receiptTouchesSQL(d),
		history:          historySQL(d),
	}
}

// HotStatements returns the statements that run for each batch of touches, by
// name, exactly as they are sent to a database of this dialect. The drivers'
// tests check the query plan of each.
func HotStatements(d sqldb.Dialect) map[string]string {
	all := map[string]string{}
	v := reflect.ValueOf(*newStatements(d))
	for i := range v.NumField() {
		all[v.Type().Field(i).Name] = v.Field(i).String()
	}
	return all
}
