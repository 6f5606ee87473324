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

// How receipts travel: up to so many in one call, a call that fails is tried
// again with a growing pause, and then the receipts are lost, as with real vendors.
const (
	receiptBatch  = 500
	receiptTries  = 6
	receiptPause  = 100 * time.Millisecond
	receiptLinger = 5 * time.Millisecond // how long the first waits for company
)

// receiptSender sends receipts: one queue and one goroutine for each provider,
// started by its first receipt and ended by stop.
type receiptSender struct {
	key    *vendorhttp.Key
	clock  func() time.Time
	rt     http.RoundTripper
	ctx    context.Context // ends with the simulator
	cancel context.CancelFunc
	url    atomic.Pointer[string]

	mu      sync.Mutex
	queues  map[string]*receiptQueue
	running sync.WaitGroup
	serial  atomic.Int64
	stats   receiptStats
}

type receiptStats struct{ pending, sent, givenUp atomic.Int64 }

// ReceiptStats tells how far the receipts have come.
type ReceiptStats struct {
	Pending int64 `json:"pending"`
	Sent    int64 `json:"sent"`
	GivenUp int64 `json:"given_up"` // never taken by the receiver, after all tries
}

func newReceiptSender(key *vendorhttp.Key, o Options) *receiptSender {
	m := &receiptSender{key: key, clock: o.Now, rt: o.Transport, queues: map[string]*receiptQueue{}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if m.rt == nil {
		m.rt = &http.Transport{MaxIdleConnsPerHost: 16}
	}
	m.url.Store(&o.ReceiptURL)
	return m
}

// SetReceiptURL says where receipts go from now on; "" drops them.
func (s *Simulator) SetReceiptURL(to string) { s.receiptSender.url.Store(&to) }

// Receipts tells how far the receipts have come.
func (s *Simulator) Receipts() ReceiptStats {
	st := &s.receiptSender.stats
	return ReceiptStats{Pending: st.pending.Load(), Sent: st.sent.Load(), GivenUp: st.givenUp.Load()}
}

func (m *receiptSender) enabled() bool { return m.key != nil && *m.url.Load() != "" }

func (m *receiptSender) stop() {
	m.mu.Lock() // no queue may start between the end and the wait
	m.cancel()
	m.mu.Unlock()
	m.running.Wait()
	if t, ok := m.rt.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// sendNow sends one receipt before it returns.
func (m *receiptSender) sendNow(ctx context.Context, provider string, r vendorapi.Receipt) {
	r.At = m.clock()
	if m.post(ctx, provider, []vendorapi.Receipt{r}) {
		m.stats.sent.Add(1)
		return
	}
	m.schedule(provider, r, 0)
}

func (m *receiptSender) schedule(provider string, r vendorapi.Receipt, delay time.Duration) {
	m.mu.Lock()
	if m.ctx.Err() != nil {
		m.mu.Unlock()
		return
	}
	q := m.queues[provider]
	if q == nil {
		q = &receiptQueue{provider: provider, wake: make(chan struct{}, 1)}
		m.queues[provider] = q
		m.running.Go(func() { m.run(q) })
	}
	m.mu.Unlock()
	m.stats.pending.Add(1)
	r.At = m.clock().Add(delay)
	q.push(queuedReceipt{due: time.Now().Add(delay), receipt: r})
}

func (m *receiptSender) run(q *receiptQueue) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		batch, wait := q.due(time.Now())
		if len(batch) == 0 {
			timer.Reset(wait)
			select {
			case <-m.ctx.Done():
				return
			case <-q.wake:
			case <-timer.C:
			}
			continue
		}
		if m.postWithRetries(q.provider, batch) {
			m.stats.sent.Add(int64(len(batch)))
		} else {
			m.stats.givenUp.Add(int64(len(batch)))
		}
		m.stats.pending.Add(-int64(len(batch)))
		select {
		case <-m.ctx.Done():
			return
		case <-time.After(receiptLinger):
		}
	}
}

// postWithRetries tries until the receiver takes the batch, the tries are spent or the
// simulator is closed.
func (m *receiptSender) postWithRetries(provider string, batch []vendorapi.Receipt) bool {
	pause := receiptPause
	for range receiptTries {
		if m.post(m.ctx, provider, batch) {
			return true
		}
		select {
		case <-m.ctx.Done():
			return false
		case <-time.After(pause):
			pause *= 2
		}
	}
	return false
}

func (m *receiptSender) post(ctx context.Context, provider string, batch []vendorapi.Receipt) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	to, err := url.Parse(*m.url.Load())
	if err != nil || to.Host == "" || m.key == nil {
		return false
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return false
	}
	h := http.Header{"Content-Type": jsonType}
	m.key.Sign(h, "receipts-"+strconv.FormatInt(m.serial.Add(1), 10), m.clock(), body)
	reply, _, ok := vendorhttp.Do(ctx, m.rt, vendorhttp.Call{Method: http.MethodPost, URL: to.JoinPath(provider), Header: h, Body: body})
	return ok && reply.Status/100 == 2
}
