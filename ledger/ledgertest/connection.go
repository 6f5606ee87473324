package ledgertest

import (
	"context"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testClosed(k *kit) {
	k.must(k.ledger.Ping(k.ctx))
	n := k.touch()
	k.accept(n)
	k.must(k.ledger.Close())
	k.wantClass(touch.Unavailable, k.ledger.Ping(k.ctx))
	_, err := k.ledger.Touches.Get(k.ctx, "", n.Touch.ID)
	k.wantClass(touch.Unavailable, err)
	_, _, err = k.ledger.Intake.Accept(k.ctx, k.touches(1))
	k.wantClass(touch.Unavailable, err)
}

func testContextEnded(k *kit) {
	ctx, stop := context.WithCancel(k.ctx)
	stop()
	n := k.touch()
	_, _, err := k.ledger.Intake.Accept(ctx, []ledger.NewTouch{n})
	k.wantClass(touch.Unavailable, err)
	_, err = k.ledger.Touches.Get(ctx, "", n.Touch.ID)
	k.wantClass(touch.Unavailable, err)
	_, err = k.ledger.Touches.Get(k.ctx, "", n.Touch.ID)
	k.wantClass(touch.NotFound, err)
}
