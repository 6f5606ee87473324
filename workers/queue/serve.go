package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Lane says how one lane is served.
type Lane struct {
	Name string // as touch.Lane gives it
	// Concurrency is how many of the lane's segments this process works on at
	// once, 1 to 500: completing a task costs Asynq time with each active one.
	Concurrency int
	// Servers share the concurrency; one pulls at most a task per round trip
	// to Redis. 0 is 1.
	Servers int
	// PollInterval is how often an empty queue is looked at; 0 is 1 s. A task
	// waits about half of it. 20 ms suits an urgent lane.
	PollInterval time.Duration
	// Direct is how many segments at once, beside Concurrency, are taken from
	// this process's own Enqueue without a way through Redis; 0: none.
	Direct int
}

// maxActive is where completing a task grows slow in Asynq, which searches a
// list of the active ones.
const maxActive = 500

// Run serves the lanes until ctx ends or Close is called. Then no more segments are taken, and
// those being worked on go on for the grace time; after it their context ends,
// and Run returns when they have. A wrong configuration is class Invalid.
// Redis need not be there: work begins when it comes.
func (l *Queue) Run(ctx context.Context, lanes []Lane, handle Handler) error {
	if err := check(lanes); err != nil {
		return err
	}
	l.mu.Lock()
	if l.closing.Err() != nil {
		l.mu.Unlock()
		return touch.Errorf(touch.Unavailable, "", "the lanes are closed")
	}
	l.runs.Add(1)
	l.mu.Unlock()
	defer l.runs.Done()
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var stops []func()
	for _, c := range lanes {
		for range max(1, c.Servers) {
			stop, err := l.serve(work, c, handle)
			if err != nil {
				cancel()
				stopAll(stops)
				return err
			}
			stops = append(stops, stop)
		}
		if c.Direct > 0 {
			stops = append(stops, l.openDirect(work, c, handle))
		}
	}
	select {
	case <-ctx.Done():
	case <-l.closing.Done():
	}
	grace := time.AfterFunc(l.o.Grace, cancel)
	defer grace.Stop()
	stopAll(stops)
	return nil
}

func stopAll(stops []func()) {
	var all sync.WaitGroup
	for _, stop := range stops {
		all.Go(stop)
	}
	all.Wait()
}

func check(lanes []Lane) error {
	seen := map[string]bool{}
	for i, c := range lanes {
		field := fmt.Sprintf("lanes[%d]", i)
		switch {
		case c.Name == "":
			return touch.Errorf(touch.Invalid, field+".name", "a lane needs a name")
		case seen[c.Name]:
			return touch.Errorf(touch.Invalid, field+".name", "lane %q is named twice", c.Name)
		case c.Concurrency < 1 || c.Concurrency > maxActive:
			return touch.Errorf(touch.Invalid, field+".concurrency", "must be 1 to %d", maxActive)
		case c.Servers < 0 || c.Servers > c.Concurrency:
			return touch.Errorf(touch.Invalid, field+".servers", "must be at most the concurrency")
		case c.Direct < 0 || c.PollInterval < 0:
			return touch.Errorf(touch.Invalid, field, "direct and poll interval must not be negative")
		}
		seen[c.Name] = true
	}
	return nil
}

// serve starts one Asynq server of a lane; the answer stops it.
func (l *Queue) serve(ctx context.Context, c Lane, handle Handler) (stop func(), err error) {
	servers := max(1, c.Servers)
	server := asynq.NewServerFromRedisClient(l.o.Redis, asynq.Config{
		Concurrency:       (c.Concurrency + servers - 1) / servers,
		Queues:            map[string]int{c.Name: 1},
		BaseContext:       func() context.Context { return ctx },
		TaskCheckInterval: c.PollInterval,
		// A failure is not counted, so that no task ever runs out of retries
		// and is archived: attempts are counted in the ledger.
		IsFailure:                func(error) bool { return false },
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return l.o.RetryAfter },
		DelayedTaskCheckInterval: time.Second,
		// Longer than our grace, so that a handler whose context ended can
		// still say so.
		ShutdownTimeout: l.o.Grace + 2*time.Second,
		Logger:          quiet{l.o.Logger.With("lane", c.Name)},
		LogLevel:        asynq.WarnLevel,
	})
	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		ref, ok := decode(c.Name, string(t.Payload()))
		if !ok {
			l.o.Logger.ErrorContext(ctx, "not a task of ours in the queue", "lane", c.Name, "type", t.Type())
			return asynq.RevokeTask
		}
		return l.work(ctx, ref, handle)
	}))
	if err != nil {
		return nil, &touch.Error{Class: touch.Internal, Message: "a lane does not start", Cause: err}
	}
	return server.Shutdown, nil
}

// errAgain is what Asynq stores of a failure: never a cause's own text.
var errAgain = errors.New("failed; see the log")

// work runs the handler on one segment. A panic is logged and is a failure.
func (l *Queue) work(ctx context.Context, ref ledger.SegmentRef, handle Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			l.o.Logger.ErrorContext(ctx, "panic in a segment", "lane", ref.Lane, "segment", ref.Segment, "epoch", ref.Epoch,
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errAgain
		}
	}()
	if err := handle(ctx, ref); err != nil {
		l.o.Logger.WarnContext(ctx, "segment failed", "lane", ref.Lane, "segment", ref.Segment, "epoch", ref.Epoch, "error", err)
		return errAgain
	}
	return nil
}
