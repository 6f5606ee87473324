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

// asynqKey names a part of a queue as Asynq does. Asynq's own Inspector is not
// used: after a FLUSHALL it no longer knows the queues, because its client
// announces each queue only once; and it samples the memory of tasks at each
// call.
func asynqKey(lane, part string) string { return "asynq:{" + lane + "}:" + part }

// load is how many tasks a lane holds, by state.
type load struct{ pending, active, retry int64 }

func (q *Queue) load(ctx context.Context, lane string) (load, error) {
	pipe := q.redis.Pipeline()
	pending := pipe.LLen(ctx, asynqKey(lane, "pending"))
	active := pipe.LLen(ctx, asynqKey(lane, "active"))
	retry := pipe.ZCard(ctx, asynqKey(lane, "retry"))
	if _, err := pipe.Exec(ctx); err != nil {
		return load{}, unavailable(err)
	}
	return load{pending: pending.Val(), active: active.Val(), retry: retry.Val()}, nil
}

// latency is how long the oldest pending task has waited.
func (q *Queue) latency(ctx context.Context, lane string, now time.Time) (time.Duration, error) {
	id, err := q.redis.LIndex(ctx, asynqKey(lane, "pending"), -1).Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, unavailable(err)
	}
	since, err := q.redis.HGet(ctx, asynqKey(lane, "t:"+id), "pending_since").Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil // a worker has taken it meanwhile
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

// Collector reports the load of the lanes to Prometheus. It reads Redis at each
// scrape. Without names it reports every lane that there can be.
func (q *Queue) Collector(names ...string) prometheus.Collector {
	if len(names) == 0 {
		for _, c := range touch.Channels() {
			names = append(names, touch.Lane(c, true), touch.Lane(c, false))
		}
	}
	return &collector{
		queue: q,
		names: names,
		up: prometheus.NewDesc("touchgate_queue_up",
			"Whether the queue answered this scrape.", nil, nil),
		tasks: prometheus.NewDesc("touchgate_lane_segments",
			"Segments in the queue of a lane.", []string{"lane", "state"}, nil),
		latency: prometheus.NewDesc("touchgate_lane_latency_seconds",
			"How long the oldest pending segment has waited.", []string{"lane"}, nil),
	}
}

type collector struct {
	queue   *Queue
	names   []string
	up      *prometheus.Desc
	tasks   *prometheus.Desc
	latency *prometheus.Desc
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.up
	ch <- c.tasks
	ch <- c.latency
}

// Collect asks for each lane in turn. If Redis fails, the metric "up" says so,
// and the other metrics of the process can still be read.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	up := 1.0
	for _, lane := range c.names {
		if err := c.collectLane(ctx, ch, lane); err != nil {
			up = 0
			break
		}
	}
	ch <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, up)
}

func (c *collector) collectLane(ctx context.Context, ch chan<- prometheus.Metric, lane string) error {
	tasks, err := c.queue.load(ctx, lane)
	if err != nil {
		return err
	}
	for state, n := range map[string]int64{"pending": tasks.pending, "active": tasks.active, "retry": tasks.retry} {
		ch <- prometheus.MustNewConstMetric(c.tasks, prometheus.GaugeValue, float64(n), lane, state)
	}
	wait, err := c.queue.latency(ctx, lane, time.Now())
	if err != nil {
		return err
	}
	ch <- prometheus.MustNewConstMetric(c.latency, prometheus.GaugeValue, wait.Seconds(), lane)
	return nil
}
