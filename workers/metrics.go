package workers

import "github.com/prometheus/client_golang/prometheus"

// metrics are the metrics of delivery.
type metrics struct {
	settled *prometheus.CounterVec
	segment *prometheus.HistogramVec
	age     *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		settled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_touches_settled_total",
			Help: "Transitions of touches, by channel and new state.",
		}, []string{"channel", "state"}),
		segment: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "touchgate_segment_seconds",
			Help:    "Time from the claim of a segment to its end.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}, []string{"lane"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "touchgate_touch_sent_age_seconds",
			Help:    "Time from the acceptance of a touch to the vendor's answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 11),
		}, []string{"channel"}),
	}
	if r != nil {
		r.MustRegister(m.settled, m.segment, m.age)
	}
	return m
}
