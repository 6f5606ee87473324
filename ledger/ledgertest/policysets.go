package ledgertest

import (
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testPolicySets(k *kit) {
	_, err := k.ledger.PolicySets.Get(k.ctx, "")
	k.wantClass(touch.NotFound, err)
	one := ledger.PolicySet{Hash: "h1", Documents: map[string][]byte{"a.yaml": []byte("policy: a")}, CreatedAt: k.now(), CreatedBy: "me"}
	two := ledger.PolicySet{Hash: "h2", Documents: map[string][]byte{}, CreatedAt: k.now(), CreatedBy: "you"}
	k.must(k.ledger.PolicySets.Activate(k.ctx, one, "me", k.now()))
	k.must(k.ledger.PolicySets.Activate(k.ctx, two, "me", k.now()))
	active, err := k.ledger.PolicySets.Get(k.ctx, "")
	k.must(err)
	k.wantEqual(active, two)
	stored, err := k.ledger.PolicySets.Get(k.ctx, "h1")
	k.must(err)
	k.wantEqual(stored, one)
	k.must(k.ledger.PolicySets.Activate(k.ctx, one, "me", k.now())) // back again
	control, err := k.ledger.Controls.Read(k.ctx)
	k.must(err)
	k.wantEqual(control.PolicyHash, "h1")
	_, err = k.ledger.PolicySets.Get(k.ctx, "h3")
	k.wantClass(touch.NotFound, err)
	k.wantClass(touch.Invalid, k.ledger.PolicySets.Activate(k.ctx, ledger.PolicySet{}, "me", k.now()))
}
