package firstparty

import (
	"context"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

const (
	// pollPage bounds what one look reads. When more messages than that come
	// between two looks, the app learns of the rest by its unread count.
	pollPage = 200
	// pollOverlap is how far behind the newest one a message may still be found:
	// the clocks of workers differ, and a transaction commits some time after
	// its messages were made.
	pollOverlap = 5 * time.Minute
	// watcherQueue is how many looks with messages a watcher may be behind.
	watcherQueue = 8
)

// inboxPoller looks for new messages of one customer, for all who watch this
// inbox on this node. It reads only what was made within the last minutes.
type inboxPoller struct {
	items    ledger.Items
	now      func() time.Time
	customer string
	interval time.Duration

	known map[string]time.Time // ids that were told or there before, and when last seen

	ready   chan struct{} // closed after the first look
	polling *loop.Group
	joined  int // guarded by the hub

	mu       sync.Mutex
	watchers map[*inboxWatch]bool
}

// inboxWatch is one who watches.
type inboxWatch struct {
	// looks has what each look found, newest first; nil for nothing. It is
	// closed when the watch can't go on, for the reason in err.
	looks chan []touch.Item
	err   error
}

var errSlowWatcher = touch.Errorf(touch.Unavailable, "", "the messages come faster than they are read")

// look reads what is new. The first look tells nothing: it only learns what is
// there.
func (p *inboxPoller) look(ctx context.Context) (fresh []touch.Item, err error) {
	now := p.now()
	since := now.Add(-pollOverlap)
	items, _, err := p.items.List(ctx, ledger.ItemFilter{
		Channel: touch.Inbox, Customer: p.customer, LiveAt: now, CreatedAfter: since, Limit: pollPage,
	})
	if err != nil {
		return nil, err
	}
	first := p.known == nil
	if first {
		p.known = map[string]time.Time{}
	}
	for id, seen := range p.known {
		if seen.Before(since) { // it is too old to come again
			delete(p.known, id)
		}
	}
	for _, item := range items {
		if _, known := p.known[item.ID]; !known && !first && item.State == touch.ItemUnread {
			fresh = append(fresh, item)
		}
		p.known[item.ID] = now
	}
	return fresh, nil
}

// run looks at once, and then once per interval, until ctx ends or a look
// fails.
func (p *inboxPoller) run(ctx context.Context) error {
	_, err := p.look(ctx)
	close(p.ready)
	for err == nil && loop.Sleep(ctx, p.interval) {
		var fresh []touch.Item
		if fresh, err = p.look(ctx); err == nil {
			p.tell(fresh)
		}
	}
	return err
}

func (p *inboxPoller) add(w *inboxWatch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchers[w] = true
}

func (p *inboxPoller) remove(w *inboxWatch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.watchers, w)
}

// tell gives what a look found to all watchers. One who is too far behind is
// let go: what it has not read would pile up.
func (p *inboxPoller) tell(fresh []touch.Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.watchers {
		select {
		case w.looks <- fresh:
		default:
			if len(fresh) > 0 {
				p.endWatch(w, errSlowWatcher)
			}
		}
	}
}

// end ends all watches.
func (p *inboxPoller) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.watchers {
		p.endWatch(w, err)
	}
}

// endWatch ends one watch. The caller holds mu.
func (p *inboxPoller) endWatch(w *inboxWatch, err error) {
	w.err = err
	close(w.looks)
	delete(p.watchers, w)
}
