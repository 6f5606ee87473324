package queue

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"touchgate.dev/touch"
)

// key names a part of a queue as Asynq does. Asynq's own Inspector is not used:
// it forgets queues after a FLUSHALL, since its client announces each queue
// only once, and it samples the memory of tasks at each call.
func key(lane, part string) string { return "asynq:{" + lane + "}:" + part }

// load is how much work a lane holds.
type load struct{ pending, active, retry int64 }

func (l *Queue) load(ctx context.Context, lane string) (load, error) {
	pipe := l.o.Redis.Pipeline()
	pending := pipe.LLen(ctx, key(lane, "pending"))
	active := pipe.LLen(ctx, key(lane, "active"))
	retry := pipe.ZCard(ctx, key(lane, "retry"))
	if _, err := pipe.Exec(ctx); err != nil {
		return load{}, unavailable(err)
	}
	return load{pending.Val(), active.Val(), retry.Val()}, nil
}

// Depth is how many segments are in the lane's queue: waiting, worked on, or
// waiting for another try. Segments taken directly are not in it.
func (l *Queue) Depth(ctx context.Context, lane string) (int, error) {
	d, err := l.load(ctx, lane)
	return int(d.pending + d.active + d.retry), err
}

// Latency is how long the longest-waiting segment has waited in the queue.
func (l *Queue) Latency(ctx context.Context, lane string, now time.Time) (time.Duration, error) {
	id, err := l.o.Redis.LIndex(ctx, key(lane, "pending"), -1).Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, unavailable(err)
	}
	since, err := l.o.Redis.HGet(ctx, key(lane, "t:"+id), "pending_since").Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil // taken meanwhile
	}
	if err != nil {
		return 0, unavailable(err)
	}
	ns, err := strconv.ParseInt(since, 10, 64)
	if err != nil {
		return 0, unavailable(err)
	}
	return max(0, now.Sub(time.Unix(0, ns))), nil
}

// Collector gives the load of the lanes to Prometheus, read from Redis at each
// scrape; without names it reports every lane that there can be.
func (l *Queue) Collector(names ...string) prometheus.Collector {
	if len(names) == 0 {
		for _, c := range touch.Channels() {
			names = append(names, touch.Lane(c, true), touch.Lane(c, false))
		}
	}
	return &collector{
		lanes: l, names: names,
		up:      prometheus.NewDesc("touchgate_queue_up", "Whether the queue answered this scrape.", nil, nil),
		tasks:   prometheus.NewDesc("touchgate_lane_segments", "Segments in a lane's queue.", []string{"lane", "state"}, nil),
		latency: prometheus.NewDesc("touchgate_lane_latency_seconds", "How long the longest-waiting segment has waited.", []string{"lane"}, nil),
	}
}

type collector struct {
	lanes              *Queue
	names              []string
	up, tasks, latency *prometheus.Desc
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.up; ch <- c.tasks; ch <- c.latency }

// Collect asks each lane in turn. When Redis fails it says so by the up
// metric, so that the other metrics of the process can still be read.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	up := 1.0
	for _, lane := range c.names {
		d, err := c.lanes.load(ctx, lane)
		if err != nil {
			up = 0
			break
		}
		for state, n := range map[string]int64{"pending": d.pending, "active": d.active, "retry": d.retry} {
			ch <- prometheus.MustNewConstMetric(c.tasks, prometheus.GaugeValue, float64(n), lane, state)
		}
		wait, err := c.lanes.Latency(ctx, lane, time.Now())
		if err != nil {
			up = 0
			break
		}
		ch <- prometheus.MustNewConstMetric(c.latency, prometheus.GaugeValue, wait.Seconds(), lane)
	}
	ch <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, up)
}

var _ prometheus.Collector = (*collector)(nil)
