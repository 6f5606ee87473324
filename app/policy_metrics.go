package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/policies/ruleset"
)

// policyMetrics reports what somebody must look after in the policies in force:
// calendars that end, and warnings.
type policyMetrics struct {
	set func() *ruleset.Set
	now func() time.Time

	end      *prometheus.Desc
	warnings *prometheus.Desc
}

// newPolicyMetrics makes a collector over the set in force.
func newPolicyMetrics(set func() *ruleset.Set, now func() time.Time) *policyMetrics {
	return &policyMetrics{
		set: set,
		now: now,
		end: prometheus.NewDesc("touchgate_policy_calendar_days_left",
			"How many days the calendar of a policy still covers; below 0 its touches are held back.",
			[]string{"policy", "calendar"}, nil),
		warnings: prometheus.NewDesc("touchgate_policy_warnings",
			"What is doubtful about the policies in force; the log of the start names each.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *policyMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.end
	to <- m.warnings
}

// Collect implements prometheus.Collector.
func (m *policyMetrics) Collect(to chan<- prometheus.Metric) {
	set := m.set()
	if set == nil {
		return
	}
	to <- prometheus.MustNewConstMetric(m.warnings, prometheus.GaugeValue, float64(len(set.Warnings())))
	for _, end := range set.CalendarEnds() {
		days := end.Last.Start(time.UTC).Sub(m.now()).Hours()/24 + 1
		to <- prometheus.MustNewConstMetric(m.end, prometheus.GaugeValue, days, end.Policy, end.Calendar)
	}
}
