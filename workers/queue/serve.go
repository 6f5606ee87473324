package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Run serves the lanes until ctx ends or Close is called. Then it takes no more
// segments; those being worked on may go on for the grace time, after which
// their context ends. Run returns when all have returned. A wrong configuration
// is an error of class Invalid. Redis need not be up: work begins when it is.
func (q *Queue) Run(ctx context.Context, lanes []Lane, handle Handler) error {
	if err := checkLanes(lanes); err != nil {
		return err
	}
	if err := q.beginRun(); err != nil {
		return err
	}
	defer q.runs.Done()

	// The work has a context of its own, which ends after the grace time.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var stops []func()
	for _, c := range lanes {
		for range max(1, c.Servers) {
			stop, err := q.startServer(work, c, handle)
			if err != nil {
				cancel()
				stopAll(stops)
				return err
			}
			stops = append(stops, stop)
		}
		if c.Slots > 0 {
			stops = append(stops, q.startInline(work, c, handle))
		}
	}

	select {
	case <-ctx.Done():
	case <-q.closing.Done():
	}
	grace := time.AfterFunc(q.grace, cancel)
	defer grace.Stop()
	stopAll(stops)
	return nil
}

// beginRun counts a run, so that Close waits for it.
func (q *Queue) beginRun() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing.Err() != nil {
		return touch.Errorf(touch.Unavailable, "", "the queue is closed")
	}
	q.runs.Add(1)
	return nil
}

// stopAll calls the functions at the same time and waits for all.
func stopAll(stops []func()) {
	var all sync.WaitGroup
	for _, stop := range stops {
		all.Go(stop)
	}
	all.Wait()
}

// startServer starts one Asynq server of a lane. Call stop to shut it down.
func (q *Queue) startServer(work context.Context, c Lane, handle Handler) (stop func(), err error) {
	servers := max(1, c.Servers)
	server := asynq.NewServerFromRedisClient(q.redis, asynq.Config{
		Concurrency:       (c.Concurrency + servers - 1) / servers,
		Queues:            map[string]int{c.Name: 1},
		BaseContext:       func() context.Context { return work },
		TaskCheckInterval: c.PollInterval,
		// The ledger counts attempts. If Asynq counted failures, a task would
		// run out of retries one day and be archived.
		IsFailure:                func(error) bool { return false },
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return q.retryAfter },
		DelayedTaskCheckInterval: time.Second,
		// Longer than our grace time, so that a handler whose context has ended
		// can still return its error.
		ShutdownTimeout: q.grace + 2*time.Second,
		Logger:          asynqLog{q.log.With("lane", c.Name)},
		LogLevel:        asynq.WarnLevel,
	})

	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		ref, ok := decode(c.Name, string(t.Payload()))
		if !ok {
			q.log.LogAttrs(ctx, slog.LevelError, "foreign task in the queue", slog.String("lane", c.Name), slog.String("type", t.Type()))
			return asynq.RevokeTask
		}
		return q.work(ctx, ref, handle)
	}))
	if err != nil {
		return nil, &touch.Error{Class: touch.Internal, Message: "a lane does not start", Cause: err}
	}
	return server.Shutdown, nil
}

// errFailed is what Asynq stores of a failure. The text of the cause may hold
// what must not be stored there.
var errFailed = errors.New("failed; see the log")

// work runs the handler on one segment. A panic is logged and is a failure.
func (q *Queue) work(ctx context.Context, ref ledger.SegmentRef, handle Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.log.LogAttrs(ctx, slog.LevelError, "segment panicked", append(segmentAttrs(ref),
				slog.String("panic", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))...)
			err = errFailed
		}
	}()
	if err := handle(ctx, ref); err != nil {
		q.log.LogAttrs(ctx, slog.LevelWarn, "segment failed", append(segmentAttrs(ref), slog.Any("error", err))...)
		return errFailed
	}
	return nil
}

func segmentAttrs(ref ledger.SegmentRef) []slog.Attr {
	return []slog.Attr{slog.String("lane", ref.Lane), slog.Int64("segment", ref.Segment), slog.Int64("epoch", ref.Epoch)}
}
