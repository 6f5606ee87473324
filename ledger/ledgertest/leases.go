package ledgertest

import (
	"time"
)

func testLeases(k *kit) {
	held := func(name, holder string, want bool) {
		k.t.Helper()
		got, err := k.ledger.Leases.Acquire(k.ctx, name, holder, k.now(), k.now().Add(time.Minute))
		k.must(err)
		k.wantEqual(got, want)
	}
	held("report", "a", true)
	held("report", "b", false)
	held("other", "b", true)
	k.advance(59 * time.Second)
	held("report", "a", true)
	k.advance(59 * time.Second)
	held("report", "b", false)
	k.advance(time.Second)
	held("report", "b", true)
	held("report", "a", false)

	k.must(k.ledger.Leases.Release(k.ctx, "report", "a")) // it has none
	held("report", "a", false)
	k.must(k.ledger.Leases.Release(k.ctx, "report", "b"))
	held("report", "a", true)
}
