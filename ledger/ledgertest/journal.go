package ledgertest

import (
	"bytes"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/audit"
	"touchgate.dev/ledger/journal"
)

// testJournal follows the chain of records from the first to the head.
func testJournal(k *kit) {
	pos, hash, err := k.ledger.Journal.Head(k.ctx)
	k.must(err)
	k.wantEqual([]any{pos, len(hash)}, []any{int64(0), 0})
	for range 5 {
		k.must(k.ledger.Controls.PutKillSwitch(k.ctx, ledger.KillSwitch{ID: "a", Owner: "o", Reason: "r"}, "me", k.now()))
		_, _, err = k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{k.touch(), k.touch()})
		k.must(err)
	}
	var prev []byte
	after := int64(0)
	for {
		records, err := k.ledger.Journal.Records(k.ctx, after, 3)
		k.must(err)
		if len(records) == 0 {
			break
		}
		for i := range records {
			r := &records[i]
			prev = journal.ChainHash(prev, r.Sum())
			if after++; r.Pos != after || !bytes.Equal(prev, r.Hash) {
				k.t.Fatalf("record %d does not follow", r.Pos)
			}
		}
	}
	pos, hash, err = k.ledger.Journal.Head(k.ctx)
	k.must(err)
	if pos != 10 || pos != after || !bytes.Equal(hash, prev) {
		k.t.Fatalf("the head is %d, %d records were read", pos, after)
	}
}

// verifyJournal checks the chain of the journal's records.
func (k *kit) verifyJournal() {
	k.t.Helper()
	head, err := audit.Check(k.ctx, k.ledger.Journal, nil, nil)
	k.must(err)
	if head.Records == 0 {
		k.t.Fatal("the journal is empty")
	}
}
