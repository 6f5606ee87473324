package workers

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/touch"
)

// Deliverer carries one segment to its end: claim, judge, reserve, intend, send,
// settle. It is safe for concurrent use.
type Deliverer struct {
	o         Options
	jitter    *jitter
	templates *lookup.Templates
	metrics   *metrics
	isolating sync.Mutex // held by whoever works on a suspected segment
}

// NewDeliverer makes a deliverer and registers its metrics.
func NewDeliverer(o Options) *Deliverer {
	o = o.preemptible()
	o.Tuning = o.Tuning.withDefaults()
	return &Deliverer{
		o:         o,
		jitter:    &jitter{rand: o.Rand},
		templates: lookup.NewTemplates(o.Ledger.Templates, o.Now),
		metrics:   newMetrics(o.Metrics),
	}
}

// Handle works on the segment that a queue task names. It answers nil when
// there is nothing (more) to do here, also when another worker has it; an
// error asks the queue to bring the task again.
func (d *Deliverer) Handle(ctx context.Context, ref ledger.SegmentRef) error {
	if IsUrgent(ref.Lane) {
		defer d.o.PriorityGate.BeginUrgent().End()
	}
	now := d.o.Now()
	seg, err := d.o.Ledger.Work.Claim(ctx, ref, d.o.Name, now, now.Add(d.lease(ref.Lane)))
	if err != nil {
		if touch.ClassOf(err) == touch.Conflict {
			return nil
		}
		return err
	}
	return d.withLease(ctx, ref, func(ctx context.Context) error { return d.work(ctx, seg) })
}

// lease is for how long a segment of the lane is held at a time.
func (d *Deliverer) lease(lane string) time.Duration {
	if IsUrgent(lane) {
		return d.o.Tuning.UrgentLease
	}
	return d.o.Tuning.BulkLease
}

// withLease works on a segment that this worker holds, and keeps the lease alive.
func (d *Deliverer) withLease(ctx context.Context, ref ledger.SegmentRef, work func(context.Context) error) error {
	defer func(start time.Time) {
		d.metrics.segment.WithLabelValues(ref.Lane).Observe(d.o.Now().Sub(start).Seconds())
	}(d.o.Now())
	lease := d.lease(ref.Lane)
	ctx, lost := context.WithCancel(ctx)
	defer lost()
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		d.renew(ctx, ref, lease, lost)
	}()
	err := work(ctx)
	lost()
	<-renewing
	if touch.ClassOf(err) == touch.Conflict {
		return nil // the segment was taken over: its new worker settles it
	}
	if err != nil {
		d.release(context.WithoutCancel(ctx), ref, lease)
	}
	if errors.Is(err, errRequeue) {
		return nil
	}
	return err
}

// release lets a segment go that could not be finished because a store did
// not answer: that is no crash, and another try need not wait for the lease.
func (d *Deliverer) release(ctx context.Context, ref ledger.SegmentRef, lease time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, lease)
	defer cancel()
	for {
		err := d.o.Ledger.Work.Renew(ctx, ref, d.o.Name, time.Time{})
		if touch.ClassOf(err) != touch.Unavailable || !sleep(ctx, 200*time.Millisecond) {
			return
		}
	}
}

// renew keeps the lease alive; when it is lost, the work is cancelled.
func (d *Deliverer) renew(ctx context.Context, ref ledger.SegmentRef, lease time.Duration, lost func()) {
	for sleep(ctx, lease/3) {
		err := d.o.Ledger.Work.Renew(ctx, ref, d.o.Name, d.o.Now().Add(lease))
		if err != nil && ctx.Err() == nil {
			d.o.Logger.LogAttrs(ctx, slog.LevelWarn, "lease not renewed", slog.String("lane", ref.Lane),
				slog.Int64("segment", ref.Segment), slog.Any("error", err))
			if touch.ClassOf(err) == touch.Conflict {
				lost()
			}
		}
	}
}

// work takes the segment's touches through their stages. Each stage ends some
// of them (a transition to be settled) and hands the rest on.
func (d *Deliverer) work(ctx context.Context, seg *ledger.Segment) error {
	if seg.Crashes >= d.suspectFrom() {
		return d.isolate(ctx, seg)
	}
	b := &batch{d: d, seg: seg}
	return b.finish(ctx, seg.Touches)
}

// jitter is a random source under a lock.
type jitter struct {
	mu   sync.Mutex
	rand *rand.Rand
}

// full gives a uniform duration in (0, d].
func (j *jitter) full(d time.Duration) time.Duration {
	if d <= 1 {
		return d
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return time.Duration(j.rand.Int64N(int64(d))) + 1
}

// backoff is full jitter over a doubling base, and never under half of it.
func (d *Deliverer) backoff(base, most time.Duration, attempt int) time.Duration {
	wait := most
	if attempt < 20 && base<<attempt < most {
		wait = base << attempt
	}
	return wait/2 + d.jitter.full(wait/2)
}

type metrics struct {
	settled *prometheus.CounterVec
	segment *prometheus.HistogramVec
	age     *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		settled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_touches_settled_total", Help: "Transitions of touches, by channel and the state reached.",
		}, []string{"channel", "state"}),
		segment: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "touchgate_segment_seconds", Help: "Time from claim to the end of a segment.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}, []string{"lane"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "touchgate_touch_sent_age_seconds", Help: "Time from acceptance to the vendor's answer.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 11),
		}, []string{"channel"}),
	}
	if r != nil {
		r.MustRegister(m.settled, m.segment, m.age)
	}
	return m
}
