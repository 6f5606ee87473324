package ledger

import (
	"context"
	"sync"

	"touchgate.dev/touch"
)

// groupLimit bounds the items of one shared transaction.
const groupLimit = touch.MaxBatch

// gate lets calls with items of type T go together; R is one call's answer.
type gate[T, R any] struct {
	parallel int // transactions at once
	run      func(ctx context.Context, items []T, sizes []int) ([]R, error)
	mu       sync.Mutex
	waiting  []*call[T, R]
	running  int
	idle     sync.WaitGroup
}

type call[T, R any] struct {
	ctx    context.Context
	items  []T
	answer R
	err    error
	done   chan struct{}
}

// do adds a call and waits for its answer, or for the end of ctx.
func (g *gate[T, R]) do(ctx context.Context, items []T) (R, error) {
	c := &call[T, R]{ctx: ctx, items: items, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if g.running < g.parallel {
		g.running++
		g.idle.Add(1)
		go g.serve()
	}
	g.mu.Unlock()
	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
		var none R
		return none, &touch.Error{Class: touch.Unavailable, Message: "the ledger did not answer in time", Cause: ctx.Err()}
	}
}

// serve runs transactions until nobody waits.
func (g *gate[T, R]) serve() {
	defer g.idle.Done()
	for {
		calls := g.next()
		if calls == nil {
			return
		}
		g.together(calls)
		for _, c := range calls {
			close(c.done)
		}
	}
}

// next takes the calls that fit into one transaction, at least one; nil when
// nobody waits, and then serving is over.
func (g *gate[T, R]) next() []*call[T, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	size, n := 0, 0
	for n < len(g.waiting) && (n == 0 || size+len(g.waiting[n].items) <= groupLimit) {
		size += len(g.waiting[n].items)
		n++
	}
	if n == 0 {
		g.waiting = nil
		g.running--
		return nil
	}
	calls := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return calls
}

func (g *gate[T, R]) together(calls []*call[T, R]) {
	var items []T
	sizes := make([]int, len(calls))
	for i, c := range calls {
		items = append(items, c.items...)
		sizes[i] = len(c.items)
	}
	answers, err := g.run(context.WithoutCancel(calls[0].ctx), items, sizes)
	if err != nil && len(calls) > 1 && touch.ClassOf(err) != touch.Unavailable {
		for _, c := range calls {
			g.together([]*call[T, R]{c})
		}
		return
	}
	for i, c := range calls {
		if c.err = err; err == nil {
			c.answer = answers[i]
		}
	}
}

// wait waits until nothing is under way. No call may come any more.
func (g *gate[T, R]) wait() { g.idle.Wait() }
