package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// clockTolerance is by how much the machine's clock may be set while a process
// runs. A larger jump is not followed.
const clockTolerance = 2 * time.Second

// clock is a process's time. It goes with the machine's clock as that is
// corrected little by little, but not where it jumps: half an hour added by a
// mistaken hand would open quiet hours, empty every rolling window and end
// every lease. After a jump it goes on by the time elapsed, and the process is
// not ready until the jump is taken back or the process starts anew. It is
// safe for concurrent use.
type clock struct {
	wall    func() time.Time
	elapsed func() time.Duration
	shift   atomic.Int64 // wall time less the time elapsed, in nanoseconds
}

func newClock(wall func() time.Time, elapsed func() time.Duration) *clock {
	c := &clock{wall: wall, elapsed: elapsed}
	c.shift.Store(wall().UnixNano() - int64(elapsed()))
	return c
}

// Now is the time.
func (c *clock) Now() time.Time {
	wall, elapsed := c.wall(), c.elapsed()
	shift := wall.UnixNano() - int64(elapsed)
	if kept := c.shift.Load(); !near(shift, kept) {
		return time.Unix(0, kept+int64(elapsed))
	}
	c.shift.Store(shift)
	return wall
}

// Check is an error of class Unavailable while the machine's clock is away from
// the process's.
func (c *clock) Check(context.Context) error {
	shift, kept := c.wall().UnixNano()-int64(c.elapsed()), c.shift.Load()
	if near(shift, kept) {
		return nil
	}
	return touch.Errorf(touch.Unavailable, "clock",
		"the machine's clock jumped by %v, which is not followed: set it right, or restart this process", time.Duration(shift-kept).Round(time.Second))
}

// watch says when the machine's clock jumps, and when it is right again.
func (c *clock) watch(ctx context.Context, log *slog.Logger) {
	jumped := false
	for loop.Sleep(ctx, time.Second) {
		err := c.Check(ctx)
		switch {
		case err != nil && !jumped:
			log.LogAttrs(ctx, slog.LevelError, "clock not followed", slog.Any("error", err))
		case err == nil && jumped:
			log.LogAttrs(ctx, slog.LevelInfo, "clock right again")
		}
		jumped = err != nil
	}
}

func near(a, b int64) bool { return time.Duration(a-b).Abs() <= clockTolerance }
