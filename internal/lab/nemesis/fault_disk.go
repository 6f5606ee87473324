package nemesis

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"touchgate.dev/internal/loop"
)

// fillDisk makes every write of the one process fail.
func fillDisk(ctx context.Context, s *system, random *rand.Rand) error {
	p := s.processes[0]
	if err := p.FillDisk(); err != nil {
		return err
	}
	sleepBetween(ctx, random, 2*time.Second, 5*time.Second)
	return p.FreeDisk()
}

// slowDisk makes each write of the one process wait, as on a busy disk: most of
// the time a transaction of ours locks the SQLite file.
func slowDisk(ctx context.Context, s *system, random *rand.Rand) (err error) {
	db, err := sql.Open("sqlite", "file:"+s.ledgerFile()+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for end := time.Now().Add(between(random, 2*time.Second, 5*time.Second)); time.Now().Before(end) && ctx.Err() == nil; {
		tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return err
		}
		sleepBetween(ctx, random, 100*time.Millisecond, 600*time.Millisecond)
		if err := tx.Rollback(); err != nil {
			return err
		}
		loop.Sleep(ctx, 100*time.Millisecond) // lets the process write
	}
	return nil
}
