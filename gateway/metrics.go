package gateway

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what intake decided. Labels have few values and name no
// customer.
type metrics struct {
	submitted *prometheus.CounterVec // by result
	receipts  *prometheus.CounterVec // by result
	enqueue   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		submitted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_submitted_touches_total",
			Help: "Touches submitted, by their result at intake: accepted, deferred, refused, capped, expired, repeated, conflict, invalid.",
		}, []string{"result"}),
		receipts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_receipts_total",
			Help: "Receipts received: news, repeated, or unmatched so far.",
		}, []string{"result"}),
		enqueue: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "touchgate_enqueue_failures_total",
			Help: "Urgent segments that could not be queued at once and were left to the reconciler.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.submitted, m.receipts, m.enqueue} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
