// SPDX-License-Identifier: Apache-2.0

// Package batcher combines the items of concurrent calls into batches. Make a
// Batcher with a handler and call Do from many goroutines. Calls that arrive
// while the handler runs wait; when it returns, it is called again with the
// items of all of them. No call waits for a timer, so a single caller is as
// fast as without a batcher.
//
// The ledger commits the writes of many callers in one transaction this way,
// and the gateway judges submissions together.
package batcher

import (
	"context"
	"sync"

	"touchgate.dev/touch"
)

// Handler works on the items of several calls. The items of one call are next
// to each other, and sizes holds the number of items of each call. Handler
// returns one result for each call, in the order of sizes.
type Handler[T, R any] = func(ctx context.Context, items []T, sizes []int) ([]R, error)

// Batcher combines calls with items of type T; R is the result of one call.
// Make it with New. It is safe for concurrent use.
type Batcher[T, R any] struct {
	parallel int // handler calls at a time
	handler  Handler[T, R]

	mu      sync.Mutex
	waiting []*call[T, R]
	running int // goroutines that serve

	idle sync.WaitGroup
}

// New makes a batcher that calls handler at most parallel times at once. A
// batch holds at most touch.MaxBatch items, unless one call alone has more.
func New[T, R any](parallel int, handler Handler[T, R]) *Batcher[T, R] {
	return &Batcher[T, R]{parallel: max(parallel, 1), handler: handler}
}

// call is one call of Do that waits for its result.
type call[T, R any] struct {
	ctx    context.Context
	items  []T
	result R
	err    error
	panics any // the value that the handler panicked with
	done   chan struct{}
}

// Do adds the items to a batch and returns the result of this call.
//
// When ctx ends first, Do returns an error of class Unavailable, and the batch
// goes on without it. When the handler fails with another class than
// Unavailable, or panics, it is called again for each call alone: bad input of
// one caller does not fail the others, and Do panics only in the caller whose
// items caused it.
func (b *Batcher[T, R]) Do(ctx context.Context, items []T) (R, error) {
	c := &call[T, R]{ctx: ctx, items: items, done: make(chan struct{})}

	b.mu.Lock()
	b.waiting = append(b.waiting, c)
	if b.running < b.parallel {
		b.running++
		b.idle.Add(1)
		go b.serve()
	}
	b.mu.Unlock()

	select {
	case <-c.done:
		if c.panics != nil {
			panic(c.panics)
		}
		return c.result, c.err
	case <-ctx.Done():
		var none R
		return none, &touch.Error{Class: touch.Unavailable, Message: "there was no answer in time", Cause: ctx.Err()}
	}
}

// serve runs batches until no call waits.
func (b *Batcher[T, R]) serve() {
	defer b.idle.Done()
	for {
		calls := b.next()
		if calls == nil {
			return
		}
		b.runBatch(calls)
		for _, c := range calls {
			close(c.done)
		}
	}
}

// next removes the calls of the next batch from the waiting ones: at least one,
// and as many more as fit. It returns nil when no call waits; serve must then
// return, because next has counted it out of the running ones.
func (b *Batcher[T, R]) next() []*call[T, R] {
	b.mu.Lock()
	defer b.mu.Unlock()

	size, n := 0, 0
	for n < len(b.waiting) && (n == 0 || size+len(b.waiting[n].items) <= touch.MaxBatch) {
		size += len(b.waiting[n].items)
		n++
	}
	if n == 0 {
		b.waiting = nil
		b.running--
		return nil
	}

	calls := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return calls
}

// runBatch calls the handler for the calls and stores the result in each.
func (b *Batcher[T, R]) runBatch(calls []*call[T, R]) {
	var items []T
	sizes := make([]int, len(calls))
	for i, c := range calls {
		items = append(items, c.items...)
		sizes[i] = len(c.items)
	}

	// One caller that gives up must not cancel the others.
	results, panics, err := b.callHandler(context.WithoutCancel(calls[0].ctx), items, sizes)

	// An unavailable store fails for everybody alike; any other failure may be
	// the fault of one call, so each is tried alone.
	failed := panics != nil || err != nil && touch.ClassOf(err) != touch.Unavailable
	if failed && len(calls) > 1 {
		for _, c := range calls {
			b.runBatch([]*call[T, R]{c})
		}
		return
	}

	for i, c := range calls {
		c.err = err
		c.panics = panics
		if err == nil && panics == nil {
			c.result = results[i]
		}
	}
}

// callHandler calls the handler and recovers from its panic. The handler runs
// in a goroutine of the batcher, where a panic would end the process; Do raises
// it again in the goroutine of the caller.
func (b *Batcher[T, R]) callHandler(ctx context.Context, items []T, sizes []int) (results []R, panics any, err error) {
	defer func() { panics = recover() }()
	results, err = b.handler(ctx, items, sizes)
	return results, nil, err
}

// Wait returns when no batch runs. Do must not be called any more.
func (b *Batcher[T, R]) Wait() { b.idle.Wait() }
