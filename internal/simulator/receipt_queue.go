package simulator

import (
	"container/heap"
	"sync"
	"time"

	"touchgate.dev/channels/vendorapi"
)

// receiptQueue stores one provider's receipts until they are due. It is safe for
// concurrent use.
type receiptQueue struct {
	provider string
	wake     chan struct{}

	mu       sync.Mutex
	receipts receiptHeap
}

// queuedReceipt is a receipt with the time when it is due.
type queuedReceipt struct {
	due     time.Time
	receipt vendorapi.Receipt
}

// push adds a receipt. If no other receipt is due before it, push wakes the sender,
// which may be waiting for a later one.
func (q *receiptQueue) push(l queuedReceipt) {
	q.mu.Lock()
	heap.Push(&q.receipts, l)
	first := len(q.receipts) == 1 || !q.receipts[0].due.Before(l.due)
	q.mu.Unlock()
	if first {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

// due removes the receipts that are due, at most receiptBatch of them. It returns them,
// and the time until the next receipt is due.
func (q *receiptQueue) due(now time.Time) ([]vendorapi.Receipt, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch []vendorapi.Receipt
	for len(q.receipts) > 0 && len(batch) < receiptBatch && !q.receipts[0].due.After(now) {
		batch = append(batch, heap.Pop(&q.receipts).(queuedReceipt).receipt)
	}
	if len(q.receipts) == 0 {
		return batch, time.Hour
	}
	return batch, q.receipts[0].due.Sub(now)
}

// receiptHeap is a heap in order of due time. It implements heap.Interface.
type receiptHeap []queuedReceipt

func (l receiptHeap) Len() int           { return len(l) }
func (l receiptHeap) Less(i, j int) bool { return l[i].due.Before(l[j].due) }
func (l receiptHeap) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *receiptHeap) Push(x any)        { *l = append(*l, x.(queuedReceipt)) }
func (l *receiptHeap) Pop() any {
	old := *l
	last := old[len(old)-1]
	*l = old[:len(old)-1]
	return last
}
