package ledgertest

import (
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testKeys(k *kit) {
	key := ledger.APIKey{ID: "k1", Hash: [32]byte{1, 2}, Caller: "acme", Scopes: []string{"submit"}, CreatedAt: k.now()}
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
	k.wantClass(touch.NotFound, k.ledger.Keys.Revoke(k.ctx, "k2", k.now()))
	at := k.now()
	k.must(k.ledger.Keys.Revoke(k.ctx, "k1", at))
	k.advance(time.Hour)
	k.must(k.ledger.Keys.Revoke(k.ctx, "k1", k.now()))
	all, err := k.ledger.Keys.List(k.ctx)
	k.must(err)
	if len(all) != 1 || all[0].RevokedAt == nil || !all[0].RevokedAt.Equal(at) {
		k.t.Fatalf("%+v", all)
	}
}
