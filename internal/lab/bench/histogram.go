package bench

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// newHistogram makes a histogram of 1 µs to 10 minutes with three digits.
func newHistogram() *hdr.Histogram { return hdr.New(1, int64(10*time.Minute/time.Microsecond), 3) }

// record adds a time to a histogram. A time beyond its range is left out: then
// the run has failed anyway.
func record(h *hdr.Histogram, d time.Duration) { _ = h.RecordValue(max(1, d.Microseconds())) }

// ms returns a quantile in milliseconds.
func ms(h *hdr.Histogram, q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }

// setLatencies sets the percentiles from a histogram.
func (f *Figures) setLatencies(h *hdr.Histogram) {
	f.P50 = ms(h, 50)
	f.P99 = ms(h, 99)
	f.P999 = ms(h, 99.9)
}
