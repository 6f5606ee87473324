package simulator

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/channels/vendorhttp"
)

// The sender sends receipts in batches. If the receiver does not accept a batch, the
// sender repeats it after a pause, which doubles each time. After the last attempt it
// drops the batch, as real vendors do.
const (
	receiptBatch    = 500
	receiptAttempts = 6
	receiptPause    = 100 * time.Millisecond // after the first attempt
	receiptLinger   = 5 * time.Millisecond   // between two batches, so that they fill up
)

// receiptSender sends receipts. Each provider has a queue and a goroutine. The
// provider's first receipt starts the goroutine, and stop ends it. It is safe for
// concurrent use.
type receiptSender struct {
	key   *vendorhttp.Key
	clock func() time.Time
	rt    http.RoundTripper
	url   atomic.Pointer[string]

	// ctx ends with the simulator.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	queues  map[string]*receiptQueue
	running sync.WaitGroup
	serial  atomic.Int64
	stats   receiptStats
}

type receiptStats struct{ pending, sent, givenUp atomic.Int64 }

// ReceiptStats counts receipts since the simulator was made.
type ReceiptStats struct {
	Pending int64 `json:"pending"`  // scheduled, not sent yet
	Sent    int64 `json:"sent"`     // accepted by the receiver
	GivenUp int64 `json:"given_up"` // not accepted by the receiver at any attempt
}

func newReceiptSender(key *vendorhttp.Key, o Options) *receiptSender {
	rs := &receiptSender{key: key, clock: o.Now, rt: o.Transport, queues: map[string]*receiptQueue{}}
	rs.ctx, rs.cancel = context.WithCancel(context.Background())
	if rs.rt == nil {
		rs.rt = &http.Transport{MaxIdleConnsPerHost: 16}
	}
	rs.url.Store(&o.ReceiptURL)
	return rs
}

// SetReceiptURL sets where the simulator sends receipts from now on. "": it sends none.
func (s *Simulator) SetReceiptURL(to string) { s.receiptSender.url.Store(&to) }

// Receipts returns how many receipts are pending, were sent and were given up.
func (s *Simulator) Receipts() ReceiptStats {
	st := &s.receiptSender.stats
	return ReceiptStats{Pending: st.pending.Load(), Sent: st.sent.Load(), GivenUp: st.givenUp.Load()}
}

// enabled reports whether receipts can be sent.
func (rs *receiptSender) enabled() bool { return rs.key != nil && *rs.url.Load() != "" }

// stop drops the pending receipts, and waits until all goroutines have ended.
func (rs *receiptSender) stop() {
	rs.mu.Lock() // so that no queue starts between cancel and Wait
	rs.cancel()
	rs.mu.Unlock()
	rs.running.Wait()
	if t, ok := rs.rt.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// sendNow sends one receipt and returns after that. If it fails, it puts the receipt
// into the queue.
func (rs *receiptSender) sendNow(ctx context.Context, provider string, r vendorapi.Receipt) {
	r.At = rs.clock()
	if rs.post(ctx, provider, []vendorapi.Receipt{r}) {
		rs.stats.sent.Add(1)
		return
	}
	rs.schedule(provider, r, 0)
}

// schedule puts a receipt into the queue, to be sent after a delay. After stop it does
// nothing.
func (rs *receiptSender) schedule(provider string, r vendorapi.Receipt, delay time.Duration) {
	rs.mu.Lock()
	if rs.ctx.Err() != nil {
		rs.mu.Unlock()
		return
	}
	q := rs.queues[provider]
	if q == nil {
		q = &receiptQueue{provider: provider, wake: make(chan struct{}, 1)}
		rs.queues[provider] = q
		rs.running.Go(func() { rs.run(q) })
	}
	rs.mu.Unlock()
	rs.stats.pending.Add(1)
	r.At = rs.clock().Add(delay)
	q.push(queuedReceipt{due: time.Now().Add(delay), receipt: r})
}

// run sends the receipts of one queue until stop is called.
func (rs *receiptSender) run(q *receiptQueue) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		batch, wait := q.due(time.Now())
		if len(batch) == 0 {
			timer.Reset(wait)
			select {
			case <-rs.ctx.Done():
				return
			case <-q.wake:
			case <-timer.C:
			}
			continue
		}
		if rs.postWithRetries(q.provider, batch) {
			rs.stats.sent.Add(int64(len(batch)))
		} else {
			rs.stats.givenUp.Add(int64(len(batch)))
		}
		rs.stats.pending.Add(-int64(len(batch)))
		select {
		case <-rs.ctx.Done():
			return
		case <-time.After(receiptLinger):
		}
	}
}

// postWithRetries posts a batch until the receiver accepts it. It returns false
// after the last attempt, or when the simulator is closed.
func (rs *receiptSender) postWithRetries(provider string, batch []vendorapi.Receipt) bool {
	pause := receiptPause
	for range receiptAttempts {
		if rs.post(rs.ctx, provider, batch) {
			return true
		}
		select {
		case <-rs.ctx.Done():
			return false
		case <-time.After(pause):
			pause *= 2
		}
	}
	return false
}

// post posts a batch once, and reports whether the receiver accepted it.
func (rs *receiptSender) post(ctx context.Context, provider string, batch []vendorapi.Receipt) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	to, err := url.Parse(*rs.url.Load())
	if err != nil || to.Host == "" || rs.key == nil {
		return false
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return false
	}
	h := http.Header{"Content-Type": jsonType}
	rs.key.Sign(h, "receipts-"+strconv.FormatInt(rs.serial.Add(1), 10), rs.clock(), body)
	reply, _, ok := vendorhttp.Do(ctx, rs.rt, vendorhttp.Call{Method: http.MethodPost, URL: to.JoinPath(provider), Header: h, Body: body})
	return ok && reply.Status/100 == 2
}
