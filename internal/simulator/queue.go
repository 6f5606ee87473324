package simulator

import (
	"container/heap"
	"sync"
	"time"

	"touchgate.dev/channels/contract"
)

// queue holds one provider's receipts by the instant they are due.
type queue struct {
	provider string
	wake     chan struct{}

	mu      sync.Mutex
	letters letters
}

type letter struct {
	due     time.Time
	receipt contract.Receipt
}

func (q *queue) push(l letter) {
	q.mu.Lock()
	heap.Push(&q.letters, l)
	first := len(q.letters) == 1 || !q.letters[0].due.Before(l.due)
	q.mu.Unlock()
	if first {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

// due takes what is due by now, up to a batch; with none it says how long to wait.
func (q *queue) due(now time.Time) ([]contract.Receipt, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch []contract.Receipt
	for len(q.letters) > 0 && len(batch) < receiptBatch && !q.letters[0].due.After(now) {
		batch = append(batch, heap.Pop(&q.letters).(letter).receipt)
	}
	if len(q.letters) == 0 {
		return batch, time.Hour
	}
	return batch, q.letters[0].due.Sub(now)
}

type letters []letter

func (l letters) Len() int           { return len(l) }
func (l letters) Less(i, j int) bool { return l[i].due.Before(l[j].due) }
func (l letters) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *letters) Push(x any)        { *l = append(*l, x.(letter)) }
func (l *letters) Pop() any {
	old := *l
	last := old[len(old)-1]
	*l = old[:len(old)-1]
	return last
}
