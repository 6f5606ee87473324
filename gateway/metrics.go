package gateway

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what intake decided. Labels have few values and name no
// customer.
type metrics struct {
	submitted *prometheus.CounterVec // by result
	receipts  *prometheus.CounterVec // by result
	// badReceipts are entries that could not be read, by provider.
	badReceipts *prometheus.CounterVec
	enqueue     prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		submitted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_submitted_touches_total",
			Help: "Touches submitted, by their result at intake: accepted, deferred, refused, capped, expired, repeated, conflict, invalid.",
		}, []string{"result"}),
		receipts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_receipts_total",
			Help: "Receipts received: news, repeated, unmatched so far, or foreign (another system's, on the same account).",
		}, []string{"result"}),
		badReceipts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "touchgate_receipts_not_taken_total",
			Help: "Entries of vendors' receipt callbacks that could not be read; the log says what was wrong with the first.",
		}, []string{"provider"}),
		enqueue: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "touchgate_enqueue_failures_total",
			Help: "Urgent segments that could not be queued at once and were left to the reconciler.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.submitted, m.receipts, m.badReceipts, m.enqueue} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
