package contactlog

import (
	"context"
	"sync"
	"time"
)

// Memory is a contact log in this process's memory, for the time that Redis is
// down. To everybody else it is like another server that acquires the shards. It
// raises their epochs in the ledger before it reads contacts from there, so the
// ledger refuses what was judged before. When somebody else acquires a shard
// (another Memory, or a Redis that is back), it knows nothing any more. It is
// safe for concurrent use.
type Memory struct {
	epochs      func(shard int) int64
	raiseEpochs func(ctx context.Context, shards []int) (map[int]int64, error)

	mu       sync.Mutex
	model    *Model
	acquired []int64 // the epochs of all shards when they were acquired
}

var _ Log = (*Memory)(nil)

// NewMemory makes a log that knows no customer yet. It needs Epochs and
// RaiseEpochs of the options.
func NewMemory(o Options) *Memory {
	m := &Memory{
		epochs:      o.Epochs,
		raiseEpochs: o.RaiseEpochs,
		model:       NewModel(),
		acquired:    make([]int64, o.shards()),
	}
	for shard := range m.acquired {
		m.acquired[shard] = -1 // no shard has this epoch
	}
	return m
}

// isCurrent reports whether nobody else has acquired a shard. Otherwise it drops
// what is known.
func (m *Memory) isCurrent() bool {
	for shard, epoch := range m.acquired {
		if m.epochs(shard) != epoch {
			m.model.Lose()
			return false
		}
	}
	return true
}

// Read implements Log.
func (m *Memory) Read(ctx context.Context, customers []string) ([]Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isCurrent()
	return m.model.Read(ctx, customers)
}

// Reserve implements Log.
func (m *Memory) Reserve(ctx context.Context, reservations []Reservation, now time.Time) ([]Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isCurrent()
	return m.model.Reserve(ctx, reservations, now)
}

// Settle implements Log.
func (m *Memory) Settle(ctx context.Context, settlements []Settlement) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.model.Settle(ctx, settlements)
}

// Rehydrate implements Log. All shards are raised together, because every raise
// makes void what is under way.
func (m *Memory) Rehydrate(ctx context.Context, customers []string, keep time.Duration, load Loader) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isCurrent() {
		raised, err := m.raiseEpochs(ctx, allShards(len(m.acquired)))
		if err != nil {
			return err
		}
		for shard := range m.acquired {
			m.acquired[shard] = raised[shard]
		}
	}
	return m.model.Rehydrate(ctx, customers, keep, load)
}
