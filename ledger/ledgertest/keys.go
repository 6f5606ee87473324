package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testKeys(k *kit) {
	key := ledger.APIKey{ID: "k1", Hash: [32]byte{1, 2}, Caller: "acme", Scopes: []string{"submit"}, CreatedAt: k.now(), CreatedBy: "ops"}
	k.must(k.ledger.Keys.Put(k.ctx, key))
	k.wantClass(touch.Conflict, k.ledger.Keys.Put(k.ctx, key))
	got, err := k.ledger.Keys.Get(k.ctx, "k1")
	k.must(err)
	k.wantEqual(got, key)
	if got.Hash != key.Hash {
		k.t.Fatal("the hash is lost")
	}
	_, err = k.ledger.Keys.Get(k.ctx, "k2")
	k.wantClass(touch.NotFound, err)
	k.wantClass(touch.NotFound, k.ledger.Keys.Revoke(k.ctx, "k2", "ops", k.now()))
	at := k.now()
	k.must(k.ledger.Keys.Revoke(k.ctx, "k1", "ops", at))
	k.advance(time.Hour)
	k.must(k.ledger.Keys.Revoke(k.ctx, "k1", "later", k.now()))
	all, err := k.ledger.Keys.List(k.ctx, "", 10)
	k.must(err)
	if len(all) != 1 || all[0].RevokedAt == nil || !all[0].RevokedAt.Equal(at) {
		k.t.Fatalf("%+v", all)
	}
	events, err := k.ledger.Events.List(k.ctx, "", 0, 10)
	k.must(err)
	if len(events) != 3 || events[0].Actor != "ops" || events[0].Reason != "key k1 made for acme: submit" || events[1].Actor != "ops" {
		k.t.Fatalf("the record of who made and revoked it: %+v", events)
	}

	key.ID, key.Hash = "k3", [32]byte{3}
	k.must(k.ledger.Keys.Put(k.ctx, key))
	first, err := k.ledger.Keys.List(k.ctx, "", 1)
	k.must(err)
	second, err := k.ledger.Keys.List(k.ctx, "k1", 1)
	k.must(err)
	k.wantEqual([]any{len(first), first[0].ID, len(second), second[0].ID}, []any{1, "k1", 1, "k3"})
}
