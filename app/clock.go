package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// clockTolerance is how far the machine's clock may be set at once while a
// process runs. A larger jump is not followed.
const clockTolerance = 2 * time.Second

// clock is the time of a process. It follows the machine's clock while that is
// corrected in small steps, and not when it jumps: if somebody set the clock
// half an hour ahead by mistake, quiet hours would open, rolling windows would
// be empty and leases would expire. After a jump it goes on by the time elapsed,
// and the process is not ready until the jump is undone or the process is
// restarted. It is safe for concurrent use.
type clock struct {
	wall    func() time.Time
	elapsed func() time.Duration
	offset  atomic.Int64 // wall time minus elapsed time, in nanoseconds
}

// newClock makes a clock over the machine's clock and the time since some
// instant, which nobody can set.
func newClock(wall func() time.Time, elapsed func() time.Duration) *clock {
	c := &clock{wall: wall, elapsed: elapsed}
	c.offset.Store(wall().UnixNano() - int64(elapsed()))
	return c
}

// Now returns the time.
func (c *clock) Now() time.Time {
	wall := c.wall()
	elapsed := c.elapsed()
	offset := wall.UnixNano() - int64(elapsed)
	if followed := c.offset.Load(); !withinTolerance(offset, followed) {
		return time.Unix(0, followed+int64(elapsed))
	}
	c.offset.Store(offset)
	return wall
}

// Check returns an error of class Unavailable while the machine's clock is away
// from the process's.
func (c *clock) Check(context.Context) error {
	offset := c.wall().UnixNano() - int64(c.elapsed())
	followed := c.offset.Load()
	if withinTolerance(offset, followed) {
		return nil
	}
	jump := time.Duration(offset - followed).Round(time.Second)
	return touch.Errorf(touch.Unavailable, "clock",
		"the machine's clock jumped by %v, which is not followed: set it right, or restart this process", jump)
}

// watch logs when the machine's clock jumps, and when the jump is undone.
func (c *clock) watch(ctx context.Context, log *slog.Logger) {
	jumped := false
	for loop.Sleep(ctx, time.Second) {
		err := c.Check(ctx)
		switch {
		case err != nil && !jumped:
			log.LogAttrs(ctx, slog.LevelError, "jump detected", slog.Any("error", err))
		case err == nil && jumped:
			log.LogAttrs(ctx, slog.LevelInfo, "jump undone")
		}
		jumped = err != nil
	}
}

// withinTolerance reports whether two offsets are near enough to be corrections
// of the same clock.
func withinTolerance(a, b int64) bool { return time.Duration(a-b).Abs() <= clockTolerance }
