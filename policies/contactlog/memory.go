package contactlog

import (
	"context"
	"sync"
	"time"
)

// Memory is a contact log in this process's memory, for the time that Redis is
// gone. Towards everybody else it behaves as another server to which the
// shards moved: it raises their epochs in the ledger before it reads a contact
// there, so that the ledger refuses whatever was judged before, and it knows
// nothing any more once somebody else, another Local or a Redis that is back,
// has raised one. It is safe for concurrent use.
type Memory struct {
	o        Options
	mu       sync.Mutex
	model    *Model
	acquired []int64 // the epochs of all shards as they were taken up
}

var _ Log = (*Memory)(nil)

// NewMemory makes a log that knows nobody yet. Of o it needs Epochs and Raise.
func NewMemory(o Options) *Memory {
	l := &Memory{o: o, model: NewModel(), acquired: make([]int64, o.shards())}
	for shard := range l.acquired {
		l.acquired[shard] = -1
	}
	return l
}

// current drops what is known when a shard was taken up by somebody else.
func (l *Memory) current() bool {
	for shard, epoch := range l.acquired {
		if l.o.Epochs(shard) != epoch {
			l.model.Lose()
			return false
		}
	}
	return true
}

// Read implements Log.
func (l *Memory) Read(ctx context.Context, customers []string) ([]Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current()
	return l.model.Read(ctx, customers)
}

// Reserve implements Log.
func (l *Memory) Reserve(ctx context.Context, rs []Reservation, now time.Time) ([]Answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current()
	return l.model.Reserve(ctx, rs, now)
}

// Settle implements Log.
func (l *Memory) Settle(ctx context.Context, ss []Settlement) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.model.Settle(ctx, ss)
}

// Rehydrate implements Log. All shards are raised at once: every raise voids
// work that is under way.
func (l *Memory) Rehydrate(ctx context.Context, customers []string, keep time.Duration, load Loader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.current() {
		raised, err := l.o.RaiseEpochs(ctx, l.o.allShards())
		if err != nil {
			return err
		}
		for shard := range l.acquired {
			l.acquired[shard] = raised[shard]
		}
	}
	return l.model.Rehydrate(ctx, customers, keep, load)
}
