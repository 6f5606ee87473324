// SPDX-License-Identifier: Apache-2.0

// Package lanes is the queue: each lane (channel and urgency) is an Asynq
// queue of its own with servers of its own. It is the only package that
// imports Asynq.
//
// A task holds the number of a segment and its epoch, nothing else, and says
// "look at this segment now". Truth is in the ledger: a task that comes twice,
// late or never is harmless, because the handler begins with a claim (a
// compare-and-set on the epoch) and the reconciler finds segments that nobody
// claimed. Hence no Asynq feature is used here that would keep state: no
// uniqueness, groups, retention, deadlines or archive.
package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Options are the injected parts of Lanes.
type Options struct {
	// Redis is the client to work with: of one server, of a Cluster or of
	// the embedded one. It stays its owner's to close.
	Redis  redis.UniversalClient
	Logger *slog.Logger // nil: none
	// Grace is how long handlers may go on after the end of Run's context
	// before theirs ends as well; 0 is 20 s.
	Grace time.Duration
	// RetryAfter is when a segment whose handler failed is tried again; 0 is
	// 1 s. Asynq counts whole seconds and looks once a second.
	RetryAfter time.Duration
	// Timeout must be longer than any handler, because Asynq lets a handler
	// that has timed out overlap with its retry; 0 is 30 min.
	Timeout time.Duration
}

// Queue enqueues segments and runs them. It is safe for concurrent use.
type Queue struct {
	o      Options
	client *asynq.Client

	closing context.Context
	close   context.CancelFunc
	runs    sync.WaitGroup

	mu     sync.RWMutex
	direct map[string]*direct // of the lanes that Run serves with direct places
}

// New makes lanes over a Redis client. It does no input or output.
func New(o Options) *Queue {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Grace <= 0 {
		o.Grace = 20 * time.Second
	}
	if o.RetryAfter <= 0 {
		o.RetryAfter = time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Minute
	}
	l := &Queue{o: o, client: asynq.NewClientFromRedisClient(o.Redis), direct: map[string]*direct{}}
	l.closing, l.close = context.WithCancel(context.Background())
	return l
}

// Close ends every Run, as the end of its context does, and waits for it. The
// Redis client stays open.
func (l *Queue) Close() error {
	l.mu.Lock()
	l.close()
	l.mu.Unlock()
	l.runs.Wait()
	return nil
}

// Handler works on one segment. Nil means that nothing is left to do for this
// reference, which is also the answer when the claim failed; an error has the
// segment come again after RetryAfter. It must return when ctx ends.
type Handler = func(ctx context.Context, ref ledger.SegmentRef) error

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the queue does not answer", Cause: err}
}
