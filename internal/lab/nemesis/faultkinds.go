package nemesis

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"

	"touchgate.dev/internal/lab/nemesis/proxy"
	"touchgate.dev/internal/testserver"
)

func pickSide(h *house, dice *rand.Rand) *side { return h.sides[dice.IntN(len(h.sides))] }

func killing(who func(*side) *testserver.Process) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := who(pickSide(h, dice))
		p.Kill()
		rest(ctx, between(dice, 0, 700*time.Millisecond))
		return p.Start(startWithin)
	}
}

func killEverything(ctx context.Context, h *house, dice *rand.Rand) error {
	for _, p := range h.procs {
		p.Kill()
	}
	rest(ctx, between(dice, 0, 500*time.Millisecond))
	return nil // heal starts them
}

// freezing stands a process still for longer than an urgent lease.
func freezing(who func(*side) *testserver.Process) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := who(pickSide(h, dice))
		p.Freeze()
		rest(ctx, between(dice, 6*time.Second, 9*time.Second))
		p.Thaw()
		return nil
	}
}

// rolling starts every process anew, one after the other and in good order, as
// an upgrade does: from one build to another where the run has two, so that
// both are at work at once.
func rolling(_ context.Context, h *house, _ *rand.Rand) error {
	h.build = 1 - h.build
	for _, p := range h.procs {
		if err := p.Stop(syscall.SIGTERM, stopWithin); err != nil {
			return err
		}
		p.Args[0] = h.builds[h.build]
		if err := p.Start(startWithin); err != nil {
			return err
		}
	}
	return nil
}

// jumping sets one process's clock wrong for a while.
func jumping(by time.Duration) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := h.procs[dice.IntN(len(h.procs))]
		if err := h.setClock(p, by); err != nil {
			return err
		}
		rest(ctx, between(dice, 3*time.Second, 6*time.Second))
		return h.setClock(p, 0)
	}
}

// fullDisk fails whatever the one process would write.
func fullDisk(ctx context.Context, h *house, dice *rand.Rand) error {
	p := h.procs[0]
	if err := p.FillDisk(); err != nil {
		return err
	}
	rest(ctx, between(dice, 2*time.Second, 5*time.Second))
	return p.FreeDisk()
}

// slowDisk has each write of the one process wait as behind a busy disk: for
// most of the time somebody else holds the ledger's file.
func slowDisk(ctx context.Context, h *house, dice *rand.Rand) (err error) {
	db, err := sql.Open("sqlite", "file:"+h.ledgerFile()+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for end := time.Now().Add(between(dice, 2*time.Second, 5*time.Second)); time.Now().Before(end) && ctx.Err() == nil; {
		tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return err
		}
		rest(ctx, between(dice, 100*time.Millisecond, 600*time.Millisecond))
		if err := tx.Rollback(); err != nil {
			return err
		}
		rest(ctx, 100*time.Millisecond) // somebody's turn
	}
	return nil
}

func crashLedger(ctx context.Context, h *house, dice *rand.Rand) error {
	if err := h.postgres.Crash(); err != nil {
		return err
	}
	rest(ctx, between(dice, 0, 2*time.Second))
	return h.postgres.Start(startWithin)
}

// network is a fault of the wires, which lasts a while.
func network(which func(*house, *rand.Rand) *proxy.Proxy, what func(*proxy.Proxy, *rand.Rand)) func(context.Context, *house, *rand.Rand) error {
	return func(ctx context.Context, h *house, dice *rand.Rand) error {
		p := which(h, dice)
		what(p, dice)
		rest(ctx, between(dice, 500*time.Millisecond, 4*time.Second))
		return p.Heal()
	}
}

func hole(p *proxy.Proxy, _ *rand.Rand)  { p.Hold(proxy.Both) }
func reset(p *proxy.Proxy, _ *rand.Rand) { p.Reset() }
func cut(p *proxy.Proxy, _ *rand.Rand)   { p.Cut() }

func halfOpen(p *proxy.Proxy, dice *rand.Rand) {
	p.Hold([]proxy.Direction{proxy.Up, proxy.Down}[dice.IntN(2)])
}

func slow(p *proxy.Proxy, _ *rand.Rand) {
	p.Delay(proxy.Both, 30*time.Millisecond, 100*time.Millisecond)
}
