// SPDX-License-Identifier: Apache-2.0

// Package queue carries segments to workers. Each lane (a channel and an
// urgency) is an Asynq queue with servers of its own. It is the only package
// that imports Asynq.
//
// A task holds the number and the epoch of a segment, and nothing else. It says
// "look at this segment now". The truth is in the ledger: a task that comes
// twice, late or never does no harm, because the handler begins with a claim (a
// compare-and-set on the epoch), and the reconciler finds segments that nobody
// claimed. So no feature of Asynq that would keep state is used: no uniqueness,
// groups, retention, deadlines or archive.
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

// Options are the injected parts of a Queue.
type Options struct {
	// Redis is the client to use: of one server, of a Cluster, or of the
	// embedded server. The caller closes it.
	Redis  redis.UniversalClient
	Logger *slog.Logger // nil: none
	// Grace is how long handlers may go on after Run's context has ended,
	// before their own context ends; 0 is 20 s.
	Grace time.Duration
	// RetryAfter is the pause before a segment whose handler failed is tried
	// again; 0 is 1 s. Asynq counts whole seconds and looks once a second.
	RetryAfter time.Duration
	// Timeout must be longer than any handler runs, because Asynq starts a
	// retry beside a handler that has timed out; 0 is 30 min.
	Timeout time.Duration
}

// Queue enqueues segments and runs handlers on them. It is safe for concurrent
// use.
type Queue struct {
	redis      redis.UniversalClient
	client     *asynq.Client
	log        *slog.Logger
	grace      time.Duration
	retryAfter time.Duration
	timeout    time.Duration

	closing context.Context
	close   context.CancelFunc
	runs    sync.WaitGroup

	mu     sync.RWMutex
	inline map[string]*inlineLane // by lane, of those that Run serves with slots
}

// New makes a queue over a Redis client. It does no input or output.
func New(o Options) *Queue {
	q := &Queue{
		redis:      o.Redis,
		client:     asynq.NewClientFromRedisClient(o.Redis),
		log:        o.Logger,
		grace:      o.Grace,
		retryAfter: o.RetryAfter,
		timeout:    o.Timeout,
		inline:     map[string]*inlineLane{},
	}
	if q.log == nil {
		q.log = slog.New(slog.DiscardHandler)
	}
	if q.grace <= 0 {
		q.grace = 20 * time.Second
	}
	if q.retryAfter <= 0 {
		q.retryAfter = time.Second
	}
	if q.timeout <= 0 {
		q.timeout = 30 * time.Minute
	}
	q.closing, q.close = context.WithCancel(context.Background())
	return q
}

// Close ends every Run, as the end of its context does, and waits for it. The
// Redis client stays open.
func (q *Queue) Close() error {
	q.mu.Lock()
	q.close()
	q.mu.Unlock()
	q.runs.Wait()
	return nil
}

// Handler works on one segment. It returns nil if nothing is left to do, also if
// the claim failed. After an error the segment comes again after RetryAfter. It
// must return when ctx ends.
type Handler = func(ctx context.Context, ref ledger.SegmentRef) error

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the queue does not answer", Cause: err}
}
