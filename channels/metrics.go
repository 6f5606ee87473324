package channels

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/touch"
)

// metrics are one provider's instruments, looked up once.
type metrics struct {
	attempts [touch.ResultMisconfigured + 1]prometheus.Counter
	refusals map[string]prometheus.Counter
	seconds  prometheus.Observer
}

func newMetrics(name string, c touch.Channel, reg prometheus.Registerer, state func() float64) *metrics {
	attempts := register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "touchgate_provider_attempts_total", Help: "Messages handed to a vendor, by what came back.",
	}, []string{"provider", "channel", "class"}))
	refusals := register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "touchgate_provider_refusals_total", Help: "Messages not tried: refused by our own breaker, rate or pause.",
	}, []string{"provider", "channel", "reason"}))
	seconds := register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "touchgate_provider_call_seconds", Help: "Duration of one call to a vendor.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"provider", "channel"}))
	register(reg, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "touchgate_provider_breaker_state", Help: "0 closed, 1 half open, 2 open.",
		ConstLabels: prometheus.Labels{"provider": name, "channel": string(c)},
	}, state))

	m := &metrics{refusals: map[string]prometheus.Counter{}, seconds: seconds.WithLabelValues(name, string(c))}
	for k := range m.attempts {
		m.attempts[k] = attempts.WithLabelValues(name, string(c), touch.ResultClass(k).String())
	}
	for _, reason := range []string{touch.ReasonBreaker, touch.ReasonRate, touch.ReasonLate, touch.ReasonRevoked, touch.ReasonPaused, ""} {
		m.refusals[reason] = refusals.WithLabelValues(name, string(c), orDefault(reason, "other"))
	}
	return m
}

// register adds c, or gives the one that an earlier provider added.
func register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	var known prometheus.AlreadyRegisteredError
	if err := reg.Register(c); errors.As(err, &known) {
		if old, ok := known.ExistingCollector.(C); ok {
			return old
		}
	} else if err != nil {
		panic("channels: " + err.Error())
	}
	return c
}

func (m *metrics) observeCall(d time.Duration, rs []touch.Result) {
	m.seconds.Observe(d.Seconds())
	for i := range rs {
		m.attempts[rs[i].Class].Inc()
	}
}

func (m *metrics) countRefusals(rs []touch.Result) {
	for i := range rs {
		c, ok := m.refusals[rs[i].Reason]
		if !ok {
			c = m.refusals[""]
		}
		c.Inc()
	}
}
