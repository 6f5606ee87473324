package nemesis

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"touchgate.dev/internal/testserver"
)

func randomPartition(s *system, random *rand.Rand) *partition {
	return s.partitions[random.IntN(len(s.partitions))]
}

// kill kills a process of a random partition and starts it again soon after.
func kill(choose func(*partition) *testserver.Process) injectFault {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		p := choose(randomPartition(s, random))
		p.Kill()
		sleepBetween(ctx, random, 0, 700*time.Millisecond)
		return p.Start(startTimeout)
	}
}

// killEverything kills all of Touchgate's processes. Healing starts them again.
func killEverything(ctx context.Context, s *system, random *rand.Rand) error {
	for _, p := range s.processes {
		p.Kill()
	}
	sleepBetween(ctx, random, 0, 500*time.Millisecond)
	return nil
}

// freeze suspends a process for longer than the lease of an urgent segment.
func freeze(choose func(*partition) *testserver.Process) injectFault {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		p := choose(randomPartition(s, random))
		p.Freeze()
		sleepBetween(ctx, random, 6*time.Second, 9*time.Second)
		p.Thaw()
		return nil
	}
}

// rollingRestart stops and starts every process, one after the other, as an
// upgrade does. In a run with two builds it changes from one to the other, so
// that both are at work for a while.
func rollingRestart(_ context.Context, s *system, _ *rand.Rand) error {
	s.build = 1 - s.build
	for _, p := range s.processes {
		if err := p.Stop(syscall.SIGTERM, stopTimeout); err != nil {
			return err
		}
		p.Args[0] = s.builds[s.build]
		if err := p.Start(startTimeout); err != nil {
			return err
		}
	}
	return nil
}

// jumpClock sets one process's clock wrong for a while.
func jumpClock(by time.Duration) injectFault {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		p := s.processes[random.IntN(len(s.processes))]
		if err := s.setClock(p, by); err != nil {
			return err
		}
		sleepBetween(ctx, random, 3*time.Second, 6*time.Second)
		return s.setClock(p, 0)
	}
}

func restartLedger(_ context.Context, s *system, _ *rand.Rand) error { return s.postgres.Restart() }

func crashLedger(ctx context.Context, s *system, random *rand.Rand) error {
	if err := s.postgres.Crash(); err != nil {
		return err
	}
	sleepBetween(ctx, random, 0, 2*time.Second)
	return s.postgres.Start(startTimeout)
}
