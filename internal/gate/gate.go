// SPDX-License-Identifier: Apache-2.0

// Package gate lets concurrent calls go together: whoever comes while one is
// under way waits for the next, and all who wait then go as one. Nobody waits
// for a timer, so a caller alone is as fast as without it. The ledger shares
// transactions by it, and the gateway shares judging.
package gate

import (
	"context"
	"sync"

	"touchgate.dev/touch"
)

// Run does the work of several calls at once. Items are those of all calls,
// one after the other; sizes says how many are whose. It gives one answer for
// each call.
type Run[T, R any] = func(ctx context.Context, items []T, sizes []int) ([]R, error)

// Gate lets calls with items of type T go together; R is one call's answer.
// Make it with New; it is safe for concurrent use.
type Gate[T, R any] struct {
	parallel int // runs at once
	run      Run[T, R]
	mu       sync.Mutex
	waiting  []*call[T, R]
	running  int
	idle     sync.WaitGroup
}

// New makes a gate for at most so many runs at once. One run has at most
// touch.MaxBatch items, unless a call alone has more.
func New[T, R any](parallel int, run Run[T, R]) *Gate[T, R] {
	return &Gate[T, R]{parallel: max(parallel, 1), run: run}
}

type call[T, R any] struct {
	ctx    context.Context
	items  []T
	answer R
	err    error
	panics any // what the run panicked with
	done   chan struct{}
}

// Do adds a call and waits for its answer, or for the end of ctx: then the
// error is of class Unavailable, and the run goes on without it. A run that
// fails for another reason than Unavailable is made again for each call alone,
// so that one caller's bad input does not spoil the others; so is one that
// panics, and Do panics in its caller alone.
func (g *Gate[T, R]) Do(ctx context.Context, items []T) (R, error) {
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
		if c.panics != nil {
			panic(c.panics)
		}
		return c.answer, c.err
	case <-ctx.Done():
		var none R
		return none, &touch.Error{Class: touch.Unavailable, Message: "there was no answer in time", Cause: ctx.Err()}
	}
}

// serve runs transactions until nobody waits.
func (g *Gate[T, R]) serve() {
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
func (g *Gate[T, R]) next() []*call[T, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	size, n := 0, 0
	for n < len(g.waiting) && (n == 0 || size+len(g.waiting[n].items) <= touch.MaxBatch) {
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

func (g *Gate[T, R]) together(calls []*call[T, R]) {
	var items []T
	sizes := make([]int, len(calls))
	for i, c := range calls {
		items = append(items, c.items...)
		sizes[i] = len(c.items)
	}
	answers, panics, err := g.attempt(context.WithoutCancel(calls[0].ctx), items, sizes)
	if len(calls) > 1 && (panics != nil || (err != nil && touch.ClassOf(err) != touch.Unavailable)) {
		for _, c := range calls {
			g.together([]*call[T, R]{c})
		}
		return
	}
	for i, c := range calls {
		if c.err, c.panics = err, panics; err == nil && panics == nil {
			c.answer = answers[i]
		}
	}
}

// attempt is run, with a panic caught: it happens in a goroutine where nobody
// else would, and must end no more than the call that caused it.
func (g *Gate[T, R]) attempt(ctx context.Context, items []T, sizes []int) (answers []R, panics any, err error) {
	defer func() { panics = recover() }()
	answers, err = g.run(ctx, items, sizes)
	return answers, nil, err
}

// Wait waits until nothing is under way. No call may come any more.
func (g *Gate[T, R]) Wait() { g.idle.Wait() }
