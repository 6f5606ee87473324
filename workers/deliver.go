package workers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"touchgate.dev/internal/loop"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Deliverer brings one segment after the other to its end: claim, judge,
// reserve, intend, send, write the results. It is safe for concurrent use.
type Deliverer struct {
	*services
	isolating sync.Mutex // held while a segment with a suspected poison touch is worked on
}

// NewDeliverer makes a deliverer and registers its metrics.
func NewDeliverer(o Options) *Deliverer { return &Deliverer{services: newServices(o)} }

// Handle works on the segment that a queue task names. It returns nil if
// nothing is left to do here, also if another worker has the segment. After an
// error the queue must bring the task again.
func (d *Deliverer) Handle(ctx context.Context, ref ledger.SegmentRef) error {
	if IsUrgent(ref.Lane) {
		defer d.priorityGate.BeginUrgent().End()
	}

	now := d.now()
	seg, err := d.work.Claim(ctx, ref, d.name, now, now.Add(d.leaseOf(ref.Lane)))
	if touch.ClassOf(err) == touch.Conflict {
		return nil
	}
	if err != nil {
		return err
	}

	return d.withLease(ctx, ref, func(ctx context.Context) error {
		if seg.Crashes >= d.isolateFrom() {
			return d.isolate(ctx, seg)
		}
		return newBatch(d.services, seg.Ref).finish(ctx, seg.Touches)
	})
}

// leaseOf is for how long a segment of the lane is leased at a time.
func (d *Deliverer) leaseOf(lane string) time.Duration {
	if IsUrgent(lane) {
		return d.tuning.UrgentLease
	}
	return d.tuning.BulkLease
}

// withLease works on a segment that this worker has claimed. The lease is
// renewed while the work goes on; if it is lost, the work's context ends.
func (d *Deliverer) withLease(ctx context.Context, ref ledger.SegmentRef, work func(context.Context) error) error {
	start := d.now()
	defer func() {
		d.metrics.segment.WithLabelValues(ref.Lane).Observe(d.now().Sub(start).Seconds())
	}()

	renewal := loop.NewGroup(ctx)
	renewal.Go(func(ctx context.Context) { d.renew(ctx, ref, renewal.Cancel) })
	err := work(renewal.Context())
	renewal.Stop()

	switch {
	case touch.ClassOf(err) == touch.Conflict:
		// Another worker took the segment over, and writes its results.
		return nil
	case err != nil:
		d.release(context.WithoutCancel(ctx), ref)
	}
	if errors.Is(err, errRequeue) {
		return nil
	}
	return err
}

// renew extends the lease until ctx ends. It calls lost when another worker has
// the segment.
func (d *Deliverer) renew(ctx context.Context, ref ledger.SegmentRef, lost func()) {
	lease := d.leaseOf(ref.Lane)
	extend := func(ctx context.Context) error { return d.work.Renew(ctx, ref, d.name, d.now().Add(lease)) }

	loop.Every(ctx, lease/3, extend, func(err error) {
		d.log.LogAttrs(ctx, slog.LevelWarn, "lease not renewed", slog.String("lane", ref.Lane),
			slog.Int64("segment", ref.Segment), slog.Any("error", err))
		if touch.ClassOf(err) == touch.Conflict {
			lost()
		}
	})
}

// release gives up the lease on a segment that could not be finished, for
// example because a store did not answer. The worker lives, so this is no crash,
// and the next try need not wait for the lease to run out.
func (d *Deliverer) release(ctx context.Context, ref ledger.SegmentRef) {
	ctx, cancel := context.WithTimeout(ctx, d.leaseOf(ref.Lane))
	defer cancel()
	for {
		err := d.work.Release(ctx, ref, d.name)
		if touch.ClassOf(err) != touch.Unavailable || !loop.Sleep(ctx, 200*time.Millisecond) {
			return
		}
	}
}
