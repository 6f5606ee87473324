// SPDX-License-Identifier: Apache-2.0

// Package loop runs a step again and again with pauses, and starts and stops
// such loops. Every periodic loop of the program uses it.
package loop

import (
	"context"
	"sync"
	"time"
)

// Every calls step again and again until ctx ends. It waits for period before
// the first step and after each one, so steps never overlap. An error goes to
// report and does not end the loop; an error after ctx has ended is not
// reported.
func Every(ctx context.Context, period time.Duration, step func(context.Context) error, report func(error)) {
	for Sleep(ctx, period) {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
	}
}

// Until calls step again and again until it reports done or fails. It waits for
// period before the first step and after each one. It returns the error of
// step, or the error of ctx if that ends first.
func Until(ctx context.Context, period time.Duration, step func(context.Context) (done bool, err error)) error {
	for Sleep(ctx, period) {
		if done, err := step(ctx); done || err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Sleep waits for d and reports whether ctx is still live. It is for loops
// whose pauses vary.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Group is a set of loops that run in goroutines and are stopped together.
// Make it with NewGroup; it is safe for concurrent use.
type Group struct {
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// NewGroup makes a group whose loops end with ctx, or when Stop is called.
func NewGroup(ctx context.Context) *Group {
	g := &Group{}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// Go starts run in a goroutine. It must return soon after its context ends.
func (g *Group) Go(run func(context.Context)) {
	g.running.Go(func() { run(g.ctx) })
}

// Context ends when the group is stopped or cancelled.
func (g *Group) Context() context.Context { return g.ctx }

// Cancel ends the context of all loops and does not wait for them.
func (g *Group) Cancel() { g.cancel() }

// Stop ends the context of all loops and waits until they have returned.
// Calls after the first do no harm.
func (g *Group) Stop() {
	g.cancel()
	g.Wait()
}

// Wait returns when all loops have returned.
func (g *Group) Wait() { g.running.Wait() }
