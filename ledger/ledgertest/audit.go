package ledgertest

import "touchgate.dev/touch"

// testAudit: an event that goes with no other change is in the journal, between
// the others.
func testAudit(k *kit) {
	for _, reason := range []string{"first", "second"} {
		k.must(k.ledger.Audit.Record(k.ctx, touch.Event{Kind: touch.EventControl, At: k.now(), Actor: "k1", Reason: reason}))
	}
	events, err := k.ledger.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	if len(events) != 2 || events[0].Reason != "first" || events[1].Reason != "second" || events[1].Actor != "k1" {
		k.t.Fatalf("%+v", events)
	}
}
