package firstparty

import (
	"context"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

const (
	defaultWatchesPerCustomer = 3
	defaultWatches            = 2000
)

// ErrNodeFull is returned when this node serves as many inbox streams as it
// may. Another node may have room.
var ErrNodeFull = touch.Errorf(touch.Unavailable, "", "this node serves as many streams as it may")

// inboxHub has one poller for each customer whose inbox is watched on this
// node: three apps of one customer cost as much as one. It is safe for
// concurrent use.
type inboxHub struct {
	perCustomer int
	perNode     int

	mu      sync.Mutex
	watches int
	pollers map[string]*inboxPoller
}

// join begins a watch. It returns after the first look at the inbox, so that
// what comes from now on is told. leave ends the watch. Class TooMany when the
// customer has as many as one may have; ErrNodeFull.
func (h *inboxHub) join(
	ctx context.Context, customer string, open func() *inboxPoller,
) (w *inboxWatch, leave func(), _ error) {
	h.mu.Lock()
	p := h.pollers[customer]
	switch {
	case p != nil && p.joined >= h.perCustomer:
		h.mu.Unlock()
		return nil, nil, touch.Errorf(touch.TooMany, "", "the customer has %d streams open already", h.perCustomer)
	case h.watches >= h.perNode:
		h.mu.Unlock()
		return nil, nil, ErrNodeFull
	}
	w = &inboxWatch{looks: make(chan []touch.Item, watcherQueue)}
	isNew := p == nil
	if isNew {
		p = open()
		// It goes on for others when the one who came first has gone.
		p.polling = loop.NewGroup(context.WithoutCancel(ctx))
		h.pollers[customer] = p
	}
	p.add(w)
	p.joined++
	h.watches++
	if isNew {
		p.polling.Go(func(ctx context.Context) { h.poll(ctx, p) })
	}
	h.mu.Unlock()

	select {
	case <-p.ready:
	case <-ctx.Done():
	}
	return w, func() { h.leave(p, w) }, nil
}

// poll runs a poller. When it fails, whoever comes next gets a new one.
func (h *inboxHub) poll(ctx context.Context, p *inboxPoller) {
	err := p.run(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	h.forget(p)
	h.mu.Unlock()
	p.end(err)
}

// leave ends a watch, and the poller with the last one.
func (h *inboxHub) leave(p *inboxPoller, w *inboxWatch) {
	h.mu.Lock()
	p.remove(w)
	p.joined--
	h.watches--
	last := p.joined == 0
	if last {
		h.forget(p)
	}
	h.mu.Unlock()
	if last {
		p.polling.Stop()
	}
}

// forget has the next watch open another poller. The caller holds mu.
func (h *inboxHub) forget(p *inboxPoller) {
	if h.pollers[p.customer] == p {
		delete(h.pollers, p.customer)
	}
}

// newInboxPoller makes a poller that does not run yet.
func (s *Service) newInboxPoller(customer string, interval time.Duration) *inboxPoller {
	return &inboxPoller{
		items:    s.items,
		now:      s.now,
		customer: customer,
		interval: interval,
		ready:    make(chan struct{}),
		watchers: map[*inboxWatch]bool{},
	}
}
